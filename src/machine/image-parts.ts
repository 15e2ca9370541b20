import { foreignEdge, inspectEdge } from '../edge/address.ts'
import { ensureEdge, lookEdge } from '../edge/ensure.ts'
import { lookImage } from '../images/builder.ts'
import type { ImageDefinition } from '../images/definition.ts'
import { keycloakImage } from '../images/keycloak.ts'
import { sandboxImage } from '../images/sandbox.ts'
import { smtpSinkImage } from '../images/smtp-sink.ts'
import { TOOLBOX_TAG, toolbox } from '../images/toolbox.ts'
import { traefikImage } from '../images/traefik.ts'
import { impossible, type MachinePart, missing, ok } from './part.ts'

const REMEDY = "Free disk space and check that apt and pip reach their registries; then run 'cc-ci engine up' again."

/** restic, sqlite3 and friends, used wherever a volume is looked into. */
export const toolboxPart = imagePart('toolbox', 'Toolbox image', ['engine', 'packages'], toolbox)

/** Needed only for an edge of our own. */
export const traefikPart: MachinePart = {
  ...imagePart('traefik', 'Traefik image', ['engine', 'packages'], traefikImage),
  look: () => (foreignEdge() ? Promise.resolve(ok('not needed: CC_CI_EDGE is set')) : lookTag(traefikImage())),
}

/** Where code of recipes runs, and what apps may depend on. No parts of every machine: a run builds each when it first needs it. */
export const occasionalParts: readonly MachinePart[] = [
  imagePart('sandbox', 'Sandbox image', ['engine', 'packages'], sandboxImage),
  imagePart('keycloak', 'Keycloak image', ['engine', 'packages'], keycloakImage),
  imagePart('smtp-sink', 'Mail sink image', ['engine', 'packages'], smtpSinkImage),
]

export const edgePart: MachinePart = {
  id: 'edge',
  title: 'Edge (Traefik)',
  action: 'start Traefik on loopback ports of its own',
  needs: ['proxy', 'traefik'],
  remedy: 'Set CC_CI_EDGE=host:port to an existing Traefik, or remove the container that took the name cc-ci-edge.',
  async look() {
    const foreign = foreignEdge()
    if (foreign) return ok(`CC_CI_EDGE ${foreign.host}:${foreign.httpsPort}`)
    const look = await lookEdge()
    if (look === 'foreign') return impossible('a container cc-ci-edge exists and is not ours')
    if (look !== 'current') return missing(look)
    return ok(`https://127.0.0.1:${(await inspectEdge())?.ports.https}`)
  },
  async mend() {
    await ensureEdge()
  },
}

function imagePart(id: string, title: string, needs: readonly string[], define: () => ImageDefinition): MachinePart {
  return {
    id,
    title,
    action: `build the image ${id === 'toolbox' ? TOOLBOX_TAG : define().tag}`,
    needs,
    remedy: REMEDY,
    look: () => lookTag(define()),
    mend: ({ builder }) => builder.ensure(define()),
  }
}

async function lookTag(definition: ImageDefinition) {
  const look = await lookImage(definition)
  return look === 'current' ? ok(definition.tag) : missing(`${definition.tag}: not built`)
}

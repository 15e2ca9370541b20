import { type EdgeAddress, type EdgeContainer, edgeAddress, foreignEdge, inspectEdge } from '../edge/address.ts'
import { hasApi, queryApi } from '../edge/api.ts'
import { edgeState, ensureEdge } from '../edge/ensure.ts'
import { openApis } from '../edge/open-api.ts'
import { assertReachable } from '../edge/reach.ts'
import { browserImage } from '../images/browser.ts'
import { imageState } from '../images/builder.ts'
import type { ImageDefinition } from '../images/definition.ts'
import { keycloakImage } from '../images/keycloak.ts'
import { sandboxImage } from '../images/sandbox.ts'
import { smtpSinkImage } from '../images/smtp-sink.ts'
import { TOOLBOX_TAG, toolbox } from '../images/toolbox.ts'
import { traefikImage } from '../images/traefik.ts'
import { InfraError, messageOf } from '../lib/errors.ts'
import { impossible, type MachinePart, missing, ok, type PartState } from './part.ts'

const REMEDY = "Free disk space and check that apt and pip reach their registries; then run 'cc-ci engine up' again."

/** restic, sqlite3 and friends, used wherever a volume is looked into. */
export const toolboxPart = imagePart('toolbox', 'Toolbox image', ['engine', 'packages'], toolbox)

/** Needed only for an edge of our own. */
export const traefikPart: MachinePart = {
  ...imagePart('traefik', 'Traefik image', ['engine', 'packages'], traefikImage),
  inspect: () => (foreignEdge() ? Promise.resolve(ok('not needed: CC_CI_EDGE is set')) : inspectTag(traefikImage())),
}

/** Where the pages of apps are opened: every run has one. */
export const browserPart = imagePart('browser', 'Browser image', ['engine', 'packages'], browserImage)

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
  async inspect() {
    const foreign = foreignEdge()
    if (foreign) return ok(`CC_CI_EDGE ${foreign.host}:${foreign.httpsPort}${await unasked(foreign)}${await warning()}`)
    const look = await edgeState()
    if (look === 'foreign') return impossible('a container cc-ci-edge exists and is not ours')
    if (look !== 'current') return missing(look)
    return reached(await inspectEdge())
  },
  async repair() {
    await ensureEdge()
  },
}

/** Where it is reached from here, which may be another place in a container. */
async function reached(edge: EdgeContainer | null): Promise<PartState> {
  try {
    const address = await edgeAddress()
    await assertReachable(address)
    return ok(`https://${address.host}:${address.httpsPort}${edge ? ended(edge) : ''}`)
  } catch (error) {
    if (!(error instanceof InfraError)) throw error
    return impossible(error.message, error.hint)
  }
}

/** Whether it says which routes it has: else no run proves whose answers it saw. */
async function unasked(foreign: EdgeAddress): Promise<string> {
  if (!hasApi(foreign))
    return '. Warning: runs stay unverified, as nobody can be asked whose answers it gives: set CC_CI_EDGE_API'
  try {
    await queryApi(foreign, '/api/version', () => true)
    return ''
  } catch (error) {
    if (!(error instanceof InfraError)) throw error
    return `. Warning: runs stay unverified, as its API does not answer (CC_CI_EDGE_API): ${messageOf(error.cause)}`
  }
}

/** It ends by itself where its memory is used up: whoever asked it at that moment had no answer. */
function ended({ restarts, endedAt }: EdgeContainer): string {
  if (restarts === 0) return ''
  const often = restarts === 1 ? 'once' : `${restarts} times`
  return `. Warning: it ended by itself ${often}, last at ${endedAt.slice(0, 19)}Z, and was started again; a flood of requests may have used up its memory (1 GiB)`
}

/** An operator's own edge is not ours to change. */
async function warning(): Promise<string> {
  const open = (await openApis()) ?? []
  if (open.length === 0) return ''
  return `. Warning: every app can read the API of ${open.join(', ')}, with all its routes (api.insecure). Close it, or give it an entry point elsewhere`
}

function imagePart(id: string, title: string, needs: readonly string[], define: () => ImageDefinition): MachinePart {
  return {
    id,
    title,
    action: `build the image ${id === 'toolbox' ? TOOLBOX_TAG : define().tag}`,
    needs,
    remedy: REMEDY,
    inspect: () => inspectTag(define()),
    repair: ({ builder }) => builder.ensure(define()),
  }
}

async function inspectTag(definition: ImageDefinition) {
  const look = await imageState(definition)
  return look === 'current' ? ok(definition.tag) : missing(`${definition.tag}: not built`)
}

import type { Engine } from '../../engine/client.ts'
import { removeStackOrThrow } from '../../engine/removal.ts'
import type { ServiceState } from '../../engine/types.ts'
import { InfraError, UsageError } from '../../lib/errors.ts'
import { badImages } from '../../recipe/stack/bad-images.ts'
import { cause } from '../../verdict/causes.ts'
import { DeployFailure } from '../deploy-failure.ts'
import type { App, Deployer, Deployment, ImageUse, PreparedRelease, Release } from '../deployer.ts'
import type { Pin } from '../placement.ts'
import { refuseMissingVolumes } from './external-volumes.ts'
import { resolveImages } from './images.ts'
import { createSecrets } from './secrets.ts'
import { stackDeploy } from './stack-deploy.ts'
import { stackModel } from './stack-model.ts'

export interface NativeOptions {
  /** Whether virtual addresses carry traffic here (`probeVips`); false rewrites the stack and records it. */
  readonly vips: boolean
  readonly mask: (text: string) => string
  /** Gets each secret and its name before it is created. */
  readonly onSecret: (value: string, name: string) => void
  /** What continues: pulls, and what the docker CLI says. Masked. */
  readonly log?: (line: string) => void
  /** Default: nobody keeps book. */
  readonly images?: ImageUse
  /** The node that every task has to be on. Default: Swarm decides. */
  readonly pin?: Pin | null
}

/** Deploys with the docker CLI's `stack deploy` and the engine's API, as operators' clients do; see `Deployer`. */
export function nativeDeployer(engine: Engine, options: NativeOptions): Deployer {
  const { mask } = options
  const log = options.log ? (line: string) => options.log?.(mask(line)) : undefined
  const ours = new Set<string>()

  return {
    async prepare(release, signal) {
      await refuseForeignStack(engine, release.app, ours)
      await refuseMissingVolumes(engine, release)
      failOnBadImages(release)
      const resolved = await resolveImages(engine, release.stack.model, {
        ...{ signal, use: options.images },
        ...(log ? { log } : {}),
      })
      signal.throwIfAborted()
      ours.add(release.app.stack)
      await createSecrets(engine, release, options.onSecret)
      return { release, ...resolved }
    },

    async deploy(prepared, signal) {
      const { app, dir } = prepared.release
      const before = await engine.services(app.stack)
      const { model, accommodations } = stackModel(prepared, options)
      await stackDeploy({ stack: app.stack, model, dir, signal, mask, ...(log ? { log } : {}) })
      return deployedOf(await engine.services(app.stack), { prepared, before, accommodations })
    },

    async exec(app, service, argv, execOptions) {
      return engine.exec(await runningContainer(engine, app, service), argv, execOptions)
    },

    async undeploy(app, { timeoutMs }) {
      await removeStackOrThrow(engine, { stack: app.stack, runId: app.runId, timeoutMs })
      ours.delete(app.stack)
    },
  }
}

/** Names are random, so that a stack of this name that we did not make is a mistake somewhere: never touch it. */
async function refuseForeignStack(engine: Engine, app: App, ours: ReadonlySet<string>): Promise<void> {
  if (ours.has(app.stack)) return
  const there = await engine.services(app.stack)
  if (there.length === 0) return
  throw new UsageError('stack-exists', `a stack named ${app.stack} runs already and is not of this run`, {
    hint: `If nobody needs it, remove it with 'docker stack rm ${app.stack}'.`,
  })
}

interface Before {
  readonly prepared: PreparedRelease
  readonly before: readonly ServiceState[]
  readonly accommodations: readonly string[]
}

function deployedOf(services: readonly ServiceState[], { prepared, before, accommodations }: Before): Deployment {
  const { images, release } = prepared
  const wanted = new Set(Object.keys(release.stack.model.services))
  return {
    before,
    services: services.filter(({ service }) => wanted.has(service)),
    images: services.flatMap(({ service, image }) => {
      const pinned = images.get(service)
      if (!pinned) return []
      const { ref, id, sizeBytes } = pinned
      return [{ service, ref, id: image === pinned.pinned ? id : image, sizeBytes }]
    }),
    accommodations,
    orphans: services.map(({ service }) => service).filter((service) => !wanted.has(service)),
  }
}

/** The container of the newest running task. Throws InfraError `no-container`. */
async function runningContainer(engine: Engine, app: App, service: string): Promise<string> {
  const found = await engine.service(`${app.stack}_${service}`)
  const tasks = found === null ? [] : await engine.tasks(app.stack)
  const running = tasks.filter(
    (task) => task.serviceId === found?.id && task.state === 'running' && task.desired === 'running',
  )
  const newest = running.findLast((task) => task.containerId !== null)
  if (newest?.containerId) return newest.containerId
  throw new InfraError('no-container', `no container of service ${service} runs`, {
    hint: 'Look at why its tasks end.',
  })
}

function failOnBadImages({ stack }: Release): void {
  const [first, ...more] = badImages(stack)
  if (!first) return
  const { service, problem } = first
  const lines = [first, ...more].map((one) => one.problem.describe())
  throw new DeployFailure(cause('compose-invalid', problem.message, { service, lines, hint: problem.hint }))
}

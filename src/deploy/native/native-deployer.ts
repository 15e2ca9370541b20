import type { Engine } from '../../engine/client.ts'
import { removeStackOrThrow } from '../../engine/removal.ts'
import { beforeDeploying } from '../before-deploying.ts'
import { deployedOf } from '../deployed.ts'
import type { Deployer, ImageUse } from '../deployer.ts'
import type { Pin } from '../placement.ts'
import { runningContainer } from '../running-container.ts'
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
      const prepared = await beforeDeploying(engine, release, {
        ...{ ours, signal, use: options.images },
        ...(log ? { log } : {}),
      })
      await createSecrets(engine, release, options.onSecret)
      return prepared
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

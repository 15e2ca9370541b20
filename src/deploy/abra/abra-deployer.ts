import { rm } from 'node:fs/promises'
import type { Engine } from '../../engine/client.ts'
import { removeStackOrThrow } from '../../engine/removal.ts'
import { beforeDeploying } from '../before-deploying.ts'
import { deployedOf } from '../deployed.ts'
import type { Deployer, ImageUse, PreparedRelease } from '../deployer.ts'
import type { StackModel } from '../native/stack-model.ts'
import { stackModel } from '../native/stack-model.ts'
import type { Pin } from '../placement.ts'
import { runningContainer } from '../running-container.ts'
import { backUpThroughBot } from './backup.ts'
import { type AbraHome, abraHome, writeRelease } from './home.ts'
import { runFile } from './overlay.ts'
import { type AbraProgram, callAbraOk } from './program.ts'
import { insertSecrets } from './secrets.ts'
import { undeploy } from './undeploy.ts'
import { assertDeployed } from './what-runs.ts'

/** Of one command that hands something to the engine and waits for nothing. */
const COMMAND_DEADLINE_MS = 180_000

export interface AbraOptions {
  readonly program: AbraProgram
  /** A folder of the run that goes with it, where the apps' own ABRA_DIR are made. */
  readonly root: string
  /** Whether virtual addresses carry traffic here; false rewrites the stack and records it. */
  readonly vips: boolean
  /** The node that every task has to be on. Default: Swarm decides. */
  readonly pin?: Pin | null
  readonly mask: (text: string) => string
  /** Gets each secret and its name before it is created. */
  readonly onSecret: (value: string, name: string) => void
  readonly log?: (line: string) => void
  readonly images?: ImageUse
}

/** Deploys with abra, as operators do; see docs/decisions/0048 for what is asked of it, and `Deployer` for the contract. */
export function abraDeployer(engine: Engine, options: AbraOptions): Deployer {
  const { program, mask, root } = options
  const ours = new Set<string>()

  return {
    async prepare(release, signal) {
      const prepared = await beforeDeploying(engine, release, {
        ...{ ours, signal, use: options.images },
        ...(options.log ? { log: (line: string) => options.log?.(mask(line)) } : {}),
      })
      const home = abraHome(root, release.app)
      await writeFiles(home, prepared, options)
      await insertSecrets(engine, release, { home, program, mask, signal, onSecret: options.onSecret })
      return prepared
    },

    async deploy(prepared, signal) {
      const { app } = prepared.release
      const home = abraHome(root, app)
      const before = await engine.services(app.stack)
      // Written again: abra notes in the env file what it has deployed, and this may be another release than the last one.
      const { meant, accommodations } = await writeFiles(home, prepared, options)
      const call = { dir: home.dir, args: [app.domain], timeoutMs: COMMAND_DEADLINE_MS, signal, mask }
      await callAbraOk(program, 'deploy', call)
      const services = await engine.services(app.stack)
      assertDeployed(services, { prepared, meant: meant.model })
      return deployedOf(services, { prepared, before, accommodations })
    },

    async exec(app, service, argv, execOptions) {
      return engine.exec(await runningContainer(engine, app, service), argv, execOptions)
    },

    async undeploy(app, { timeoutMs }) {
      const home = abraHome(root, app)
      const failed = await attempt(() => undeploy(engine, app, { home, program, mask, timeoutMs: timeoutMs / 2 }))
      await removeStackOrThrow(engine, { stack: app.stack, runId: app.runId, timeoutMs: timeoutMs / 2 })
      await rm(home.dir, { recursive: true, force: true })
      ours.delete(app.stack)
      if (failed) throw failed.error
    },

    undeploysItself: true,

    backup: (app, signal) => backUpThroughBot(engine, app, { home: abraHome(root, app), program, mask, signal }),
  }
}

/** Everything that abra reads of a release. */
async function writeFiles(
  home: AbraHome,
  prepared: PreparedRelease,
  options: AbraOptions,
): Promise<{ readonly meant: StackModel; readonly accommodations: readonly string[] }> {
  const { release } = prepared
  const meant = stackModel(prepared, { vips: options.vips, byClient: true, pin: options.pin ?? null })
  const file = runFile(release.stack.model, meant.model)
  const notes = await writeRelease(home, release, file)
  const how =
    file.kind === 'overlay'
      ? 'abra deploys it as chaos, with what cc-ci changes in an overlay (compose.cc-ci.yml)'
      : `abra deploys it as chaos, from one resolved compose file (compose.cc-ci.yml), because an overlay cannot change ${file.why}`
  const secrets = release.secrets.length > 0 ? ['secrets: made by cc-ci, and inserted by abra from a file'] : []
  return { meant, accommodations: [...meant.accommodations, how, ...secrets, ...notes] }
}

async function attempt(act: () => Promise<void>): Promise<{ readonly error: unknown } | null> {
  try {
    await act()
    return null
  } catch (error) {
    return { error }
  }
}

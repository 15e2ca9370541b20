import { openToolbox, type Toolbox } from '../../../src/backup/toolbox.ts'
import { Engine } from '../../../src/engine/client.ts'
import { docker, tryDocker } from '../../../src/engine/docker-cli.ts'
import { ImageBuilder } from '../../../src/images/builder.ts'
import { TOOLBOX_TAG, toolbox } from '../../../src/images/toolbox.ts'
import { Cleanup } from '../../../src/lib/async/cleanup.ts'
import { newRunId, randomId } from '../../../src/lib/ids.ts'
import type { ResolvedStack } from '../../../src/recipe/model.ts'

/** Volumes under a stack's names, and a toolbox that sees them; no services. */
export interface BareStack extends AsyncDisposable {
  readonly name: string
  readonly toolbox: Toolbox
  readonly engine: Engine
  readonly runId: string
  readonly cleanup: Cleanup
  /** Runs a shell script in the toolbox, with the volumes at /volumes. */
  sh(script: string, ...args: string[]): Promise<string>
  /** Everything about every file of the volume: names, owners, modes, times, links, content. */
  listing(volume: string): Promise<string>
}

export async function bareStack(...volumes: string[]): Promise<BareStack> {
  const name = `bk_${randomId(8)}`
  const runId = newRunId(Date.now())
  const cleanup = new Cleanup()
  for (const volume of volumes) {
    cleanup.register(
      `volume ${volume}`,
      async () => void (await tryDocker(['volume', 'rm', '--force', `${name}_${volume}`])),
    )
    await docker(['volume', 'create', '--label', `com.docker.stack.namespace=${name}`, `${name}_${volume}`])
  }
  await new ImageBuilder(() => undefined).ensure(toolbox())
  const image = TOOLBOX_TAG
  const engine = await Engine.connect()
  const app = { runId, stack: name }
  const opened = await openToolbox(engine, { image, app, mask: String, cleanup })
  const sh = (script: string, ...args: string[]) =>
    opened.run(['bash', '-c', script, 'test', ...args], { timeoutMs: 60_000 })
  return {
    name,
    toolbox: opened,
    engine,
    runId,
    cleanup,
    sh,
    listing: (volume) =>
      sh(
        `cd "/volumes/$1" && find . -printf '%P %y %m %U:%G %T@ %l\\0' | LC_ALL=C sort -z | base64; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum -z | sha256sum`,
        volume,
      ),
    async [Symbol.asyncDispose]() {
      const failures = await cleanup.run()
      if (failures.length > 0) throw new Error(failures.map(({ what, message }) => `${what}: ${message}`).join('\n'))
    },
  }
}

/** A resolved stack with these services and volumes, as the deployer would have it. */
export function stackOf(services: ResolvedStack['model']['services'], volumes: readonly string[]): ResolvedStack {
  return {
    model: {
      services,
      networks: {},
      volumes: Object.fromEntries(volumes.map((volume) => [volume, {}])),
      secrets: {},
      configs: {},
    },
    files: [],
    findings: [],
    place: () => undefined,
  }
}

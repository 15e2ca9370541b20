import type { HelperContainer } from '../engine/containers.ts'
import type { EngineExecResult } from '../engine/types.ts'
import type { Cleanup } from '../lib/async/cleanup.ts'
import { InfraError } from '../lib/errors.ts'
import { withBoundedInput } from './bounded-input.ts'

/** Where the toolbox sees the volumes of the app, and the repository of the run. */
export const VOLUMES_DIR = '/volumes'
export const RESTIC_DIR = '/restic'

interface ToolboxExecOptions {
  readonly timeoutMs: number
  readonly stdin?: string
  readonly signal?: AbortSignal
  /** Bytes kept of each stream. Default 1 MiB. */
  readonly maxBytes?: number
}

interface ToolboxPipeOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly input?: AsyncIterable<Buffer>
  readonly output?: (bytes: Buffer) => Promise<void>
}

/** What the toolbox asks of an engine. Removing what is not there is no error. */
export interface ToolboxEngine {
  /** Creates and starts; resolves to the container's id. */
  runContainer(spec: HelperContainer): Promise<string>
  /** Removes by name or id, with force. */
  removeContainer(name: string): Promise<void>
  createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void>
  removeVolume(name: string): Promise<void>
  /** Names of the volumes that carry the label `key=value`. */
  listVolumes(label: string): Promise<readonly string[]>
  exec(container: string, argv: readonly string[], options: ToolboxExecOptions): Promise<EngineExecResult>
  /** Streams of any size, nothing of which is kept but the beginning of standard error. */
  pipe(
    container: string,
    argv: readonly string[],
    options: ToolboxPipeOptions,
  ): Promise<{ readonly exitCode: number; readonly stderr: string }>
}

export interface ToolboxOptions {
  /** Reference or id of the toolbox image: restic, new-repository, sqlite3, GNU find, coreutils, tar, awk. */
  readonly image: string
  readonly app: { readonly runId: string; readonly stack: string }
  readonly mask: (text: string) => string
  /** Gets the removal before anything is created. */
  readonly cleanup?: Cleanup
}

/**
 * The only place from which cc-ci touches volumes (docs/decisions/0001). One container without network that sees the volumes of
 * one stack and nothing of the host: a link planted in a volume leads nowhere. It keeps volumes busy: close it before the
 * stack's volumes are removed.
 */
export interface Toolbox {
  /** Short names of the volumes it sees; each lies at `/volumes/<short name>`. */
  readonly volumes: readonly string[]
  /** Any exit code is a result. */
  exec(argv: readonly string[], options: ToolboxExecOptions): Promise<EngineExecResult>
  /** Like `exec`, with InfraError `toolbox-failed` for a code other than 0 and for output that was cut. */
  run(argv: readonly string[], options: ToolboxExecOptions): Promise<string>
  /** Sends a stream in or out; InfraError `toolbox-failed` for a code other than 0. */
  pipe(argv: readonly string[], options: ToolboxPipeOptions): Promise<void>
  /** Starts the container again when the stack has other volumes than before; the repository stays. */
  refresh(): Promise<void>
  /** Removes the container and the repository. Safe to call twice. */
  close(): Promise<void>
}

/** Reading and restoring files of any owner, and nothing else that root may do. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'SETFCAP']

/**
 * Starts the toolbox of a run; one that is left from before is replaced. It sees the volumes the stack has at that moment:
 * mounting one that is not there yet would create it in the stack's place.
 */
export async function openToolbox(engine: ToolboxEngine, options: ToolboxOptions): Promise<Toolbox> {
  const { app, cleanup, mask } = options
  const names = toolboxNames(app)
  cleanup?.register(`container ${names.container}`, () => removeToolbox(engine, app))
  await engine.createVolume(names.repository, { 'cc-ci.run': app.runId })
  let volumes = await stackVolumes(engine, app.stack)
  let container = await start(engine, options, volumes)
  return {
    get volumes() {
      return [...volumes.keys()]
    },
    exec: (argv, execOptions) => engine.exec(container, bounded(argv, execOptions), execOptions),
    run: (argv, execOptions) => runOk({ engine, container, mask }, argv, execOptions),
    async pipe(argv, pipeOptions) {
      const { exitCode, stderr } = await engine.pipe(container, argv, pipeOptions)
      if (exitCode !== 0) throw failed(argv, exitCode, mask(lastLines(stderr)))
    },
    async refresh() {
      const now = await stackVolumes(engine, app.stack)
      if (sameVolumes(volumes, now)) return
      volumes = now
      container = await start(engine, options, now)
    },
    close: () => removeToolbox(engine, app),
  }
}

/** The names a run's toolbox has, known before it exists. Both begin with the stack's name, so they go with it. */
function toolboxNames(app: { readonly stack: string }): { container: string; repository: string } {
  return { container: `${app.stack}_ccci-toolbox`, repository: `${app.stack}_ccci-restic` }
}

/** Removes the toolbox of an app, also one of a run that died. Idempotent. */
async function removeToolbox(engine: ToolboxEngine, app: { readonly stack: string }): Promise<void> {
  const names = toolboxNames(app)
  await engine.removeContainer(names.container)
  await engine.removeVolume(names.repository)
}

async function start(
  engine: ToolboxEngine,
  { app, image }: ToolboxOptions,
  volumes: ReadonlyMap<string, string>,
): Promise<string> {
  const names = toolboxNames(app)
  await engine.removeContainer(names.container)
  const mounts = [...volumes].map(([short, name]) => [name, `${VOLUMES_DIR}/${short}`] as const)
  return engine.runContainer({
    name: names.container,
    image,
    argv: ['sleep', 'infinity'],
    env: { LC_ALL: 'C.UTF-8', ...RESTIC_ENV },
    labels: { 'cc-ci.run': app.runId },
    mounts: new Map([[names.repository, RESTIC_DIR], ...mounts]),
    capabilities: CAPABILITIES,
  })
}

/** Short name to full name. A volume under another name (`name:` in the compose file) is out of reach, as for the backup bot. */
async function stackVolumes(engine: ToolboxEngine, stack: string): Promise<Map<string, string>> {
  const names = await engine.listVolumes(`com.docker.stack.namespace=${stack}`)
  const own = names.filter((name) => name.startsWith(`${stack}_`)).sort()
  return new Map(own.map((name) => [name.slice(stack.length + 1), name]))
}

/** The password is the image's own. */
const RESTIC_ENV = { RESTIC_REPOSITORY: `${RESTIC_DIR}/repository`, RESTIC_PROGRESS_FPS: '0' }

async function runOk(
  { engine, container, mask }: { engine: ToolboxEngine; container: string; mask: (text: string) => string },
  argv: readonly string[],
  options: ToolboxExecOptions,
): Promise<string> {
  const result = await engine.exec(container, bounded(argv, options), options)
  if (result.truncated) throw new InfraError('toolbox-failed', `${argv[0]} in the toolbox printed more than is kept`)
  if (result.exitCode === 0) return result.stdout
  throw failed(argv, result.exitCode, mask(lastLines(result.stderr.trim() || result.stdout.trim())))
}

function failed(argv: readonly string[], exitCode: number, words: string): InfraError {
  return new InfraError('toolbox-failed', `${argv[0]} in the toolbox ended with ${exitCode}:\n${words}`, {
    hint: 'Check the space on the machine; `cc-ci doctor` checks the toolbox image.',
  })
}

function bounded(argv: readonly string[], { stdin }: ToolboxExecOptions): readonly string[] {
  return stdin === undefined ? argv : withBoundedInput(argv, stdin)
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-8).join('\n')
}

function sameVolumes(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([short, name]) => b.get(short) === name)
}

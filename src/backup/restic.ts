import { z } from 'zod'
import { InfraError } from '../lib/errors.ts'
import { snapshotContents, type VolumeContents } from './contents.ts'
import { removeObstacles } from './obstacles.ts'
import { type BackupPlan, targets } from './plan.ts'
import { RESTIC_DIR, type Toolbox, VOLUMES_DIR } from './toolbox.ts'

export { coverageOf } from './coverage.ts'
export { checkDumps } from './dumps.ts'

export interface BackupSnapshot {
  /** Full id of restic: 64 hex. */
  readonly id: string
  /** What the snapshot holds of each covered volume, counted in the snapshot itself. */
  readonly volumes: readonly VolumeContents[]
  /** Paths given to restic, in the toolbox. */
  readonly paths: readonly string[]
  /** Promised paths, in the toolbox, that lead out of their volume through a link: what lies there is not the app's, and not in the snapshot. */
  readonly outside: readonly string[]
  /** When it was begun, in seconds of the toolbox's clock; dumps of hooks are a little older. */
  readonly at: number
  /** What restic said about files it could not read: masked lines. */
  readonly warnings: readonly string[]
}

interface ResticOptions {
  readonly tag: string
  readonly signal?: AbortSignal
  /** Default 30 min. */
  readonly timeoutMs?: number
}

const DEADLINE_MS = 30 * 60_000
/** Stands in when nothing of what was promised is there: restic refuses to back up nothing, and a snapshot can be looked into. */
const EMPTY = `${RESTIC_DIR}/empty`

/** Only the last line counts, the summary; before it restic reports its progress. */
const BACKUP = 'restic backup --json --no-cache --host cc-ci --tag "$1" --files-from-raw /dev/stdin | tail -n 1'

/**
 * Takes one restic snapshot of what the plan covers and is there; `coverageOf` then says what is missing. Makes the
 * repository of the run. A file that vanished while it was read (code 3) is a warning: apps are alive while they are backed up.
 */
export async function snapshot(toolbox: Toolbox, plan: BackupPlan, options: ResticOptions): Promise<BackupSnapshot> {
  const { timeoutMs = DEADLINE_MS, signal, tag } = options
  const bounds = { timeoutMs, ...(signal ? { signal } : {}) }
  await initialise(toolbox, bounds)
  const promised = plan.volumes.flatMap(targets)
  const { present, outside } = await lookedUp(toolbox, promised, bounds)
  const paths = present.length > 0 ? present : [EMPTY]
  const at = Number(await toolbox.run(['date', '+%s'], bounds))
  const stdin = paths.map((path) => `${path}\0`).join('')
  const result = await toolbox.exec(['bash', '-o', 'pipefail', '-c', BACKUP, 'backup', tag], { ...bounds, stdin })
  const id = summaryId(result.stdout)
  if (!id || (result.exitCode !== 0 && result.exitCode !== 3)) throw failed('backup', result.exitCode, result.stderr)
  const covered = plan.volumes.filter(({ covered }) => covered.kind !== 'none').map(({ volume }) => volume)
  return {
    id,
    volumes: await snapshotContents(toolbox, id, covered, bounds),
    paths,
    outside,
    at,
    warnings: lastLines(result.stderr),
  }
}

interface RestoreOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** Whether restic reads back every file that it wrote: only where no program writes to them meanwhile. */
  readonly verify?: boolean
}

/**
 * Puts the files of exactly this snapshot back into the volumes, as the backup bot does: what is there is overwritten, what the snapshot
 * does not hold stays as it is. `files` counts what the snapshot gave. Throws InfraError `restic-failed` when restic did not manage.
 */
export async function restore(
  toolbox: Toolbox,
  { id, volumes }: Pick<BackupSnapshot, 'id' | 'volumes'>,
  options: RestoreOptions = {},
): Promise<{ files: number }> {
  const bounds = {
    timeoutMs: options.timeoutMs ?? DEADLINE_MS,
    ...(options.signal ? { signal: options.signal } : {}),
  }
  await removeObstacles(toolbox, { id, volumes: volumes.map(({ volume }) => volume) }, bounds)
  const verify = options.verify ? ['--verify'] : []
  const result = await toolbox.exec(['restic', 'restore', '--no-cache', ...verify, '--target', '/', id], bounds)
  if (result.exitCode !== 0) throw failed('restore', result.exitCode, result.stderr)
  return { files: volumes.reduce((sum, { files }) => sum + files, 0) }
}

async function initialise(toolbox: Toolbox, bounds: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
  const script = 'mkdir -p "$1" && { test -e "$RESTIC_REPOSITORY/config" || new-repository; }'
  await toolbox.run(['sh', '-c', script, 'init', EMPTY], bounds)
}

/** 0: not there; 1: there, without following a link at the end; L: reached through a link that leads out of the volume. */
const LOOK_UP = `for p; do
  if [ ! -e "$p" ] && [ ! -L "$p" ]; then printf 0; continue; fi
  volume=\${p#${VOLUMES_DIR}/}; volume=${VOLUMES_DIR}/\${volume%%/*}
  [ "$p" = "$volume" ] && { printf 1; continue; }
  case "$(cd -P -- "\${p%/*}" && pwd -P)/" in "$volume"/*) printf 1 ;; *) printf L ;; esac
done`

async function lookedUp(
  toolbox: Toolbox,
  paths: readonly string[],
  bounds: { timeoutMs: number; signal?: AbortSignal },
): Promise<{ readonly present: readonly string[]; readonly outside: readonly string[] }> {
  const marks = await toolbox.run(['sh', '-c', LOOK_UP, 'look-up', ...paths], bounds)
  const marked = (mark: string) => paths.filter((_, index) => marks[index] === mark)
  return { present: marked('1'), outside: marked('L') }
}

const summary = z.object({ message_type: z.literal('summary'), snapshot_id: z.string().min(8) })

/** The id is in the last line of the output; no other snapshot is ever looked at. */
function summaryId(stdout: string): string | undefined {
  const last = stdout.trim().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) return undefined
  const parsed = summary.safeParse(JSON.parse(last))
  return parsed.success ? parsed.data.snapshot_id : undefined
}

function failed(what: string, exitCode: number, stderr: string): InfraError {
  return new InfraError('restic-failed', `restic ${what} ended with ${exitCode}:\n${lastLines(stderr).join('\n')}`, {
    hint: 'Check the space on the machine; the repository lies in a volume of the run.',
  })
}

function lastLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-10)
}

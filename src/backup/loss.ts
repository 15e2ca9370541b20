import type { ResolvedStack } from '../recipe/model.ts'
import type { BackupPlan, PlannedVolume } from './plan.ts'
import { type Toolbox, VOLUMES_DIR } from './toolbox.ts'
import { servicesMounting } from './witness/server.ts'
import { DATABASE_SERVERS } from './witness/servers.ts'

/** What is destroyed before a restore, as when the machine is lost, and what is not. */
export interface PlannedLoss {
  /** Short names of the volumes that are emptied, with whatever the labels leave out of them. */
  readonly emptied: readonly string[]
  /** Volumes that the labels speak of in no way that would bring them back: they are left alone, and why. */
  readonly spared: readonly { readonly volume: string; readonly why: string }[]
}

/**
 * A covered volume is lost whole, also where only a path of it is covered: that the rest comes back is the business of hooks, or nobody's. So is the
 * data of a database server whose restore hook is to bring it back, wherever its dump lies.
 */
export function lossOf(plan: BackupPlan, stack: ResolvedStack, seen: readonly string[]): PlannedLoss {
  if (!plan.capable) return { emptied: [], spared: [] }
  const hooked = plan.hooks.filter(({ phase }) => phase === 'restore.post-hook').map(({ service }) => service)
  const servers = DATABASE_SERVERS.flatMap((server) => server.candidates(stack)).filter((name) => hooked.includes(name))
  const isLost = ({ volume, covered }: PlannedVolume) =>
    covered.kind !== 'none' || servicesMounting(volume, stack).some((service) => servers.includes(service))
  const here = plan.volumes.filter(({ volume }) => seen.includes(volume))
  return {
    emptied: here.filter(isLost).map(({ volume }) => volume),
    spared: here.flatMap((planned) =>
      planned.covered.kind === 'none' && !isLost(planned)
        ? [{ volume: planned.volume, why: planned.covered.reason }]
        : [],
    ),
  }
}

/**
 * The services that must not run while their files are put back under them: what has a file open would continue with the old one, or write it over the
 * new one. One whose restore hook loads a dump runs on: its hook is run in it.
 */
export function filesOpenIn(plan: BackupPlan, stack: ResolvedStack): string[] {
  const hooked = new Set(plan.hooks.filter(({ phase }) => phase.startsWith('restore.')).map(({ service }) => service))
  const names = plan.volumes.flatMap(({ volume, covered }) => {
    if (covered.kind === 'none') return []
    const services = servicesMounting(volume, stack)
    return covered.kind === 'all' ? services : services.filter((service) => !hooked.has(service))
  })
  return [...new Set(names)]
}

export interface VolumeFiles {
  /** Everything but folders. */
  readonly files: number
  /** Of regular files. */
  readonly bytes: number
}

const COUNT = `find "$1" -xdev -mindepth 1 ! -type d -printf '%y %s\\n' 2>/dev/null | awk '{ files++; if ($1 == "f") bytes += $2 } END { printf "%d %.0f", files, bytes }'`
/** The root is left as a new volume has it: the engine fills it from the image, with owner and mode, when a container mounts it empty. */
const EMPTY = `find "$1" -xdev -mindepth 1 -delete; chown 0:0 "$1" && chmod 755 "$1"`

interface Bounds {
  readonly signal?: AbortSignal
}

export async function countFiles(toolbox: Toolbox, volume: string, bounds: Bounds = {}): Promise<VolumeFiles> {
  const place = `${VOLUMES_DIR}/${volume}`
  const printed = await toolbox.run(['sh', '-c', COUNT, 'count', place], { ...bounds, timeoutMs: 300_000 })
  const [files = 0, bytes = 0] = printed.trim().split(' ').map(Number)
  return { files, bytes }
}

/** Deletes everything in a volume, hidden files too. Throws InfraError `toolbox-failed` where something stays. */
export async function emptyVolume(toolbox: Toolbox, volume: string, bounds: Bounds = {}): Promise<void> {
  const place = `${VOLUMES_DIR}/${volume}`
  const timeoutMs = 600_000
  await toolbox.run(['sh', '-c', EMPTY, 'empty', place], { ...bounds, timeoutMs })
  await toolbox.run(['sh', '-c', '[ -z "$(ls -A "$1")" ]', 'check', place], { ...bounds, timeoutMs })
}

const OUTSIDE = `cd "$1" && shift && find . -xdev -mindepth 1 -type f -size +0 -printf '%P\\0' 2>/dev/null | head -z -n 20000 | base64 -w0`

/** Files with content that lie in a volume outside the covered paths of it; none where it is covered whole. */
export async function outsideOf(toolbox: Toolbox, { volume, covered }: PlannedVolume): Promise<string[]> {
  if (covered.kind !== 'paths') return []
  const listing = await toolbox.run(['sh', '-c', OUTSIDE, 'outside', `${VOLUMES_DIR}/${volume}`], {
    timeoutMs: 120_000,
    maxBytes: 64 * 1024 * 1024,
  })
  const files = Buffer.from(listing, 'base64').toString('utf8').split('\0')
  const isCovered = (file: string) => covered.paths.some((path) => file === path || file.startsWith(`${path}/`))
  return files.filter((file) => file !== '' && !isOurs(file) && !isCovered(file))
}

function isOurs(file: string): boolean {
  return /(^|\/)\.cc-ci-witness-[a-z0-9]+$/.test(file)
}

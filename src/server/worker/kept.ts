import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeJson } from '../../lib/atomic-file.ts'
import { listRuns, readRecord, runFolder } from '../../lifecycle/run-folder.ts'

const shape = z.object({ schema: z.literal(1), delivered: z.boolean(), at: z.iso.datetime() })

/** What a worker keeps of runs whose folders the server has too, on its own disk. Ages in ms. */
export interface KeepLimits {
  /** Folders that were brought to the server: the newest ones, no older and no larger together than this. */
  readonly count: number
  readonly bytes: number
  readonly ageMs: number
  /** Folders that never were, since the lease was lost or the worker killed: nobody will ask for them, a person may look. */
  readonly undeliveredMs: number
}

const DAY_MS = 24 * 3_600_000
export const KEEP: KeepLimits = { count: 50, bytes: 5 * 1024 ** 3, ageMs: 7 * DAY_MS, undeliveredMs: 30 * DAY_MS }

/** Says in a run's folder that it is this worker's, and whether the server has all of it: `worker.json`. */
export async function noteKept(state: string, run: string, delivered: boolean, now: number): Promise<void> {
  const { dir } = runFolder(state, run)
  await writeJson(join(dir, 'worker.json'), { schema: 1, delivered, at: new Date(now).toISOString() })
}

/**
 * Removes folders of runs of workers that are beyond the limits, oldest first; gives their names. One whose things may still be on the engine stays,
 * so does one that no worker made. `busy`: folders of runs that go on.
 */
export async function pruneKept(
  state: string,
  { limits, busy, now }: { readonly limits: KeepLimits; readonly busy: ReadonlySet<string>; readonly now: number },
): Promise<readonly string[]> {
  const removed: string[] = []
  let count = 0
  let bytes = 0
  for (const run of listRuns(state)) {
    const kept = busy.has(run) ? null : await readKept(state, run)
    if (!kept) continue
    const age = now - Date.parse(kept.at)
    if (kept.delivered) {
      count += 1
      bytes += await sizeOf(runFolder(state, run).dir)
    }
    const stays = kept.delivered
      ? count <= limits.count && bytes <= limits.bytes && age <= limits.ageMs
      : age <= limits.undeliveredMs
    if (stays) continue
    await rm(runFolder(state, run).dir, { recursive: true, force: true })
    removed.push(run)
  }
  return removed
}

/** Null where the folder is no worker's, or a run in it has not ended. */
async function readKept(state: string, run: string): Promise<z.infer<typeof shape> | null> {
  const folder = runFolder(state, run)
  const text = await readFile(join(folder.dir, 'worker.json'), 'utf8').catch(() => null)
  if (text === null || (readRecord(folder)?.status ?? 'ended') !== 'ended') return null
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    return null
  }
}

async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries) {
    if (!entry.isFile()) continue
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  }
  return bytes
}

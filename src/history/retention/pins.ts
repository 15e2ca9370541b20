import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { InternalError, messageOf, UsageError } from '../../lib/errors.ts'
import { writeJson } from '../../lib/files/atomic-file.ts'
import { isRunId } from '../../lib/ids.ts'

/**
 * Pins: the runs that something refers to, and which must therefore stay whole. The contract:
 *
 * - **Where**: `<state>/pins/<owner>.json`, one file for each part that refers to runs (`canonicals`, `sweeps`, `attributions`, ...); a person
 *   may write one by hand. `{ "schema": 1, "pins": [{ "run": "<run id>", "reason": "last green release of gitea" }] }`.
 * - **Whose**: an owner writes its own file and no other, always the whole of it, in one step (`writePins`). Owners never meet; two processes
 *   of one owner need a lock of their own.
 * - **Order**: pin first, then look whether what you need is still there (`fateOf`), then refer to it: a prune that had begun before the pin
 *   continues. When the reference is gone, write the file without the pin. A pin too many costs disk, one too few costs evidence.
 * - **What it does**: nothing of a pinned run is pruned, by age or by size, for as long as the pin is there. A pin on a run that is not here is
 *   allowed and does nothing.
 * - **After a failure**: a file that cannot be read, or is of another schema, could pin anything: nothing at all is pruned until it is fixed
 *   or removed.
 */
export interface Pin {
  readonly run: string
  /** For people: what refers to it. */
  readonly reason: string
}

export interface OwnedPin extends Pin {
  readonly owner: string
}

const OWNER = /^[a-z][a-z0-9-]{0,40}$/

const pinsFile = z.object({
  schema: z.literal(1),
  pins: z.array(
    z.object({ run: z.string().refine(isRunId, 'not the id of a run'), reason: z.string().trim().min(1).max(300) }),
  ),
})

/** Replaces all pins of an owner, on disk when this resolves. Throws InternalError `bad-pins` for what could not be read back. */
export async function writePins(state: string, owner: string, pins: readonly Pin[]): Promise<void> {
  const parsed = pinsFile.safeParse({ schema: 1, pins })
  if (!OWNER.test(owner) || !parsed.success) {
    throw new InternalError('bad-pins', `the pins of "${owner}" are none: ${parsed.error?.message ?? 'its name'}`)
  }
  await writeJson(join(folderOf(state), `${owner}.json`), parsed.data)
}

/** Every pin there is, by run. Throws UsageError `pins-damaged` with the file that cannot be used. */
export function readPins(state: string): ReadonlyMap<string, readonly OwnedPin[]> {
  const byRun = new Map<string, OwnedPin[]>()
  for (const name of namesIn(folderOf(state))) {
    const owner = name.replace(/\.json$/, '')
    for (const pin of readOwned(join(folderOf(state), name))) {
      byRun.set(pin.run, [...(byRun.get(pin.run) ?? []), { ...pin, owner }])
    }
  }
  return byRun
}

function folderOf(state: string): string {
  return join(state, 'pins')
}

/** What begins with a dot is a file that is being written, or was when its writer was killed. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unusable(folder, error)
  }
}

function readOwned(file: string): readonly Pin[] {
  try {
    return pinsFile.parse(JSON.parse(readFileSync(file, 'utf8'))).pins
  } catch (error) {
    throw unusable(file, error)
  }
}

function unusable(file: string, error: unknown): UsageError {
  const reason = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : messageOf(error)
  return new UsageError('pins-damaged', `what must not be pruned cannot be read, so nothing is: ${reason}`, {
    where: { file },
    hint: 'Fix the file, or remove it if nothing needs its runs any more.',
    cause: error,
  })
}

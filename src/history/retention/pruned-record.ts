import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, UsageError } from '../../lib/errors.ts'
import { writeJsonSync } from '../../lib/files/atomic-file.ts'
import type { Results } from '../../verdict/results.ts'
import { kindOf, PRUNE_KINDS, titleOf, wholeFolders } from './kinds.ts'

const entry = z.object({
  kind: z.enum(PRUNE_KINDS),
  /** When it was pruned last. */
  at: z.iso.datetime(),
  /** What was removed in all, files and their bytes. */
  files: z.int().min(0),
  bytes: z.int().min(0),
  /** Folders at the top of the run folder that went whole. */
  folders: z.array(z.string()),
  why: z.enum(['age', 'size']),
  /** False from before the first file goes until the last one is gone: what is still there is not all that was. */
  finished: z.boolean(),
})
const recordShape = z.object({ schema: z.literal(1), pruned: z.array(entry) })

/** `pruned.json` of a run folder: what was there and was removed to save disk. Written before anything goes, an entry for each kind. */
export type PrunedRecord = z.infer<typeof recordShape>
export type PrunedEntry = PrunedRecord['pruned'][number]

/** Null where nothing was ever pruned. Throws UsageError `pruned-damaged`. */
export function readPruned(dir: string): PrunedRecord | null {
  const file = fileOf(dir)
  try {
    return recordShape.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if (isMissing(error)) return null
    throw new UsageError('pruned-damaged', `what was pruned of this run cannot be read: ${messageOf(error)}`, {
      where: { file },
      hint: 'The file was changed, or was written by another version of cc-ci.',
      cause: error,
    })
  }
}

/** Adds to the record, on disk when this returns. An entry replaces the one of its kind, and what that had counted is added to it. */
export function addPruned(dir: string, entries: readonly PrunedEntry[]): void {
  const before = readPruned(dir)?.pruned ?? []
  const added = entries.map((fresh) => {
    const earlier = before.find(({ kind }) => kind === fresh.kind)
    if (!earlier) return fresh
    const folders = [...new Set([...earlier.folders, ...fresh.folders])]
    return { ...fresh, files: earlier.files + fresh.files, bytes: earlier.bytes + fresh.bytes, folders }
  })
  write(dir, [...before.filter(({ kind }) => !entries.some((fresh) => fresh.kind === kind)), ...added])
}

/** Says that nothing of these kinds is left. */
export function finishPruned(dir: string, kinds: ReadonlySet<PrunedEntry['kind']>): void {
  const before = readPruned(dir)?.pruned ?? []
  write(
    dir,
    before.map((one) => (kinds.has(one.kind) ? { ...one, finished: true } : one)),
  )
}

/** `pruned on 2026-11-29: logs, pictures`, a part for each day; kinds of which something may be left stand apart. */
export function prunedText({ pruned }: PrunedRecord): string {
  const said = new Map<string, string[]>()
  for (const { at, finished, kind } of [...pruned].sort((a, b) => a.at.localeCompare(b.at))) {
    const when = `${finished ? 'pruned' : 'begun to be pruned'} on ${at.slice(0, 10)}`
    said.set(when, [...(said.get(when) ?? []), titleOf(kind)])
  }
  return [...said].map(([when, titles]) => `${when}: ${titles.join(', ')}`).join('; ')
}

/**
 * What became of a file of a run:
 * - `here`: it can be read.
 * - `pruned`: the run had it, and it was removed to save disk. A comparison that needs it cannot be made; it must not read this as "there was none".
 * - `missing`: the run had it, and something else than a prune has removed it.
 * - `none`: the run never had it.
 */
export type Fate =
  | { readonly state: 'here' }
  /** ISO 8601. */
  | { readonly state: 'pruned'; readonly at: string }
  | { readonly state: 'missing' }
  | { readonly state: 'none' }

/**
 * `path`: below the run folder, as `results.artifacts` names it, or `checkout`, `checkout-base` and what is in them. `artifacts`: of the
 * run's results, which say what there was. Throws UsageError `pruned-damaged`.
 */
export function fateOf(dir: string, path: string, { artifacts }: Pick<Results, 'artifacts'>): Fate {
  if (isThere(join(dir, path))) return { state: 'here' }
  const kind = kindOf(path)
  const entry = kind === null ? undefined : readPruned(dir)?.pruned.find((one) => one.kind === kind)
  const top = path.split('/')[0] ?? path
  // The results name every log, picture, trace and report, and no checkout.
  const listed = artifacts.some((one) => one.path === path)
  const was = listed || (kind === 'checkouts' && wholeFolders(kind).includes(top) && entry?.folders.includes(top))
  if (!was) return { state: 'none' }
  return entry ? { state: 'pruned', at: entry.at } : { state: 'missing' }
}

function isThere(file: string): boolean {
  try {
    lstatSync(file)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

function write(dir: string, pruned: readonly PrunedEntry[]): void {
  const inOrder = [...pruned].sort((a, b) => PRUNE_KINDS.indexOf(a.kind) - PRUNE_KINDS.indexOf(b.kind))
  writeJsonSync(fileOf(dir), { schema: 1, pruned: inOrder })
}

function fileOf(dir: string): string {
  return join(dir, 'pruned.json')
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

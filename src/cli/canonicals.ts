import { Engine } from '../engine/client.ts'
import { type CanonicalGeneration, generationsIn, newestOfEachVersion } from '../history/canonicals/folders.ts'
import { pinRuns } from '../history/canonicals/pin.ts'
import { removeDeadDrafts, removeVersion } from '../history/canonicals/store.ts'
import { type StoredDataVerdict, verify } from '../history/stored-data/verification.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { formatSize } from '../lib/text/size.ts'
import { sizeInWords } from '../lifecycle/stored-data/stored-data.ts'
import { stateDir } from '../machine/state-dir.ts'
import type { StateOption } from './program/options.ts'

export interface CanonicalsOptions extends StateOption {
  readonly verify?: boolean
  readonly remove?: boolean
  readonly json?: boolean
}

/** `cc-ci canonicals [NAMES]`: what is kept, whether it still is what was kept, and its removal. Exit 1 for what is not whole, or was not removed. */
export async function canonicalsCommand(names: readonly string[], options: CanonicalsOptions): Promise<number> {
  const state = stateDir(options.state)
  await removeDeadDrafts(state)
  const all = newestOfEachVersion(generationsIn(state))
  const chosen = choose(all, names)
  if (options.remove) {
    if (names.length === 0)
      throw new UsageError('nothing-to-remove', 'which canonicals are to be removed?', {
        hint: 'Name them: cc-ci canonicals --remove RECIPE, or RECIPE@VERSION.',
      })
    return remove(state, chosen)
  }
  const rows = chosen.map((generation) => ({ kept: generation, ...rowOf(generation) }))
  const verdicts = options.verify ? await verdictsOf(chosen) : new Map<CanonicalGeneration, StoredDataVerdict>()
  if (options.json) {
    const shown = rows.map(({ kept, ...row }) => ({
      ...row,
      ...(verdicts.has(kept) ? { state: verdicts.get(kept) } : {}),
    }))
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
  } else if (rows.length === 0) process.stdout.write(`no canonicals in ${state}\n`)
  else
    for (const { kept: generation, ...row } of rows) process.stdout.write(`${lineOf(row, verdicts.get(generation))}\n`)
  return [...verdicts.values()].some(({ kind }) => kind !== 'whole') ? EXIT.fail : EXIT.pass
}

function choose(all: readonly CanonicalGeneration[], names: readonly string[]): readonly CanonicalGeneration[] {
  const nameless = names.filter((name) => !all.some((generation) => isNamed(generation, name)))
  if (nameless.length > 0)
    throw new UsageError('no-canonical', `no canonical is kept of ${nameless.join(', ')}`, {
      hint: '`cc-ci canonicals` lists what is kept.',
    })
  return names.length === 0 ? all : all.filter((generation) => names.some((name) => isNamed(generation, name)))
}

function isNamed(generation: CanonicalGeneration, name: string): boolean {
  const { recipe, version } = rowOf(generation)
  return name === recipe || name === `${recipe}@${version}`
}

function rowOf({ home, runId, manifest, storedBytes, usedAt }: CanonicalGeneration) {
  const [folder = '', version = ''] = home.split('/').slice(-2)
  return {
    recipe: manifest?.recipe.name ?? folder,
    origin: manifest?.recipe.origin ?? null,
    version: manifest?.version ?? decodeURIComponent(version),
    commit: manifest?.commit ?? null,
    run: runId,
    takenAt: manifest?.takenAt ?? null,
    usedAt: new Date(usedAt).toISOString(),
    storedBytes,
    volumes: manifest?.volumes.map(({ volume, files, bytes, content }) => ({ volume, files, bytes, content })) ?? [],
    images: manifest?.images ?? [],
    environment: manifest?.environment ?? null,
  }
}

function lineOf(
  { recipe, version, takenAt, run, volumes, storedBytes }: ReturnType<typeof rowOf>,
  verdict?: StoredDataVerdict,
) {
  const columns = [
    recipe.padEnd(20),
    version.padEnd(20),
    (takenAt ?? 'unreadable').slice(0, 16).replace('T', ' ').padEnd(16),
    `run ${run}`,
    `${sizeInWords(volumes)} (${formatSize(storedBytes)} on disk)`,
    ...(verdict ? [verdict.kind] : []),
  ]
  const why = verdict && verdict.kind !== 'whole' ? verdict.why.map((line) => `\n  ${line}`).join('') : ''
  return `${columns.join('  ').trimEnd()}${why}`
}

async function verdictsOf(
  chosen: readonly CanonicalGeneration[],
): Promise<Map<CanonicalGeneration, StoredDataVerdict>> {
  const engine = await Engine.connect()
  const verdicts = new Map<CanonicalGeneration, StoredDataVerdict>()
  for (const generation of chosen)
    verdicts.set(generation, await verify(generation, async (ref) => (await engine.image(ref))?.id ?? null))
  return verdicts
}

async function remove(state: string, chosen: readonly CanonicalGeneration[]): Promise<number> {
  let left = 0
  for (const generation of chosen) {
    const { recipe, version } = rowOf(generation)
    const removed = await removeVersion(generation.home)
    if (!removed) left += 1
    process.stdout.write(`${recipe} ${version}: ${removed ? 'removed' : 'left, because a run has it'}\n`)
  }
  await pinRuns(state)
  return left > 0 ? EXIT.fail : EXIT.pass
}

import { Engine } from '../engine/client.ts'
import { type Kept, keptIn, newestWhole } from '../history/canonicals/folders.ts'
import { pinRuns } from '../history/canonicals/pin.ts'
import { removeDeadDrafts, removeVersion } from '../history/canonicals/store.ts'
import { type Verdict, verify } from '../history/kept-data/verification.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { formatSize } from '../lib/size.ts'
import { sizeInWords } from '../lifecycle/kept-data/kept-data.ts'
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
  const all = newestOfEach(keptIn(state))
  const chosen = choose(all, names)
  if (options.remove) {
    if (names.length === 0)
      throw new UsageError('nothing-to-remove', 'which canonicals are to be removed?', {
        hint: 'Name them: cc-ci canonicals --remove RECIPE, or RECIPE@VERSION.',
      })
    return remove(state, chosen)
  }
  const rows = chosen.map((kept) => ({ kept, ...rowOf(kept) }))
  const verdicts = options.verify ? await verdictsOf(chosen) : new Map<Kept, Verdict>()
  if (options.json) {
    const shown = rows.map(({ kept, ...row }) => ({
      ...row,
      ...(verdicts.has(kept) ? { state: verdicts.get(kept) } : {}),
    }))
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
  } else if (rows.length === 0) process.stdout.write(`no canonicals in ${state}\n`)
  else for (const { kept, ...row } of rows) process.stdout.write(`${lineOf(row, verdicts.get(kept))}\n`)
  return [...verdicts.values()].some(({ kind }) => kind !== 'whole') ? EXIT.fail : EXIT.pass
}

/** What counts of each version: the newest generation that can be read, else the newest. */
function newestOfEach(all: readonly Kept[]): Kept[] {
  const homes = [...new Set(all.map(({ home }) => home))]
  return homes.flatMap((home) => {
    const generations = all.filter((kept) => kept.home === home)
    return newestWhole(generations) ?? generations[0] ?? []
  })
}

function choose(all: readonly Kept[], names: readonly string[]): readonly Kept[] {
  const nameless = names.filter((name) => !all.some((kept) => isNamed(kept, name)))
  if (nameless.length > 0)
    throw new UsageError('no-canonical', `no canonical is kept of ${nameless.join(', ')}`, {
      hint: '`cc-ci canonicals` lists what is kept.',
    })
  return names.length === 0 ? all : all.filter((kept) => names.some((name) => isNamed(kept, name)))
}

function isNamed(kept: Kept, name: string): boolean {
  const { recipe, version } = rowOf(kept)
  return name === recipe || name === `${recipe}@${version}`
}

function rowOf({ home, runId, manifest, storedBytes, usedAt }: Kept) {
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

function lineOf({ recipe, version, takenAt, run, volumes, storedBytes }: ReturnType<typeof rowOf>, verdict?: Verdict) {
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

async function verdictsOf(chosen: readonly Kept[]): Promise<Map<Kept, Verdict>> {
  const engine = await Engine.connect()
  const verdicts = new Map<Kept, Verdict>()
  for (const kept of chosen)
    verdicts.set(kept, await verify(kept, async (ref) => (await engine.image(ref))?.id ?? null))
  return verdicts
}

async function remove(state: string, chosen: readonly Kept[]): Promise<number> {
  let left = 0
  for (const kept of chosen) {
    const { recipe, version } = rowOf(kept)
    const removed = await removeVersion(kept.home)
    if (!removed) left += 1
    process.stdout.write(`${recipe} ${version}: ${removed ? 'removed' : 'left, because a run has it'}\n`)
  }
  await pinRuns(state)
  return left > 0 ? EXIT.fail : EXIT.pass
}

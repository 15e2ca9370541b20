import { UsageError } from '../../lib/errors.ts'
import type { RecipeRepo } from '../../recipe/model.ts'
import type { Cause } from '../../verdict/causes.ts'
import type { Head } from '../plan.ts'
import { parseChain } from './chain.ts'
import { historyLacks, noBase } from './choose-base.ts'
import { newestOfMinors } from './minors.ts'
import { type Candidates, candidatesOf } from './release-candidates.ts'

/** The newest patch of every minor version that was released before head. */
const ALL_MINORS = 'all-minors'
/** Each is a whole run. */
const MOST_BASES = 50

/** What `--base` asks for: one upgrade to head, or several, each from a release of its own. */
export type RequestedBases =
  | { readonly kind: 'one'; readonly base: string }
  | { readonly kind: 'several'; readonly requested: readonly string[] }

/** `1.2.0,1.3.0`, `all-minors`, and chains among them: see `chain.ts`. Throws UsageError `bad-bases`, `bad-chain`. */
export function parseBases(text: string): RequestedBases {
  if (!text.includes(',') && text !== ALL_MINORS) return { kind: 'one', base: text }
  const requested = [...new Set(text.split(',').map((name) => name.trim()))]
  const wrong = requested.find((name) => name === '' || name === 'auto' || name === 'none')
  if (wrong !== undefined) {
    const what = wrong === '' ? 'a release of it has no name' : `${wrong} stands alone, not among others`
    throw new UsageError('bad-bases', `"${text}" does not name releases: ${what}`, {
      hint: `Write 1.2.0,1.3.0 or ${ALL_MINORS}.`,
    })
  }
  if (requested.length > MOST_BASES)
    throw new UsageError('bad-bases', `${requested.length} bases are named, and ${MOST_BASES} may be`)
  for (const name of requested) parseChain(name)
  return { kind: 'several', requested }
}

/** One upgrade to head among several. */
export interface Leg {
  /** As `PlanRequest.base` takes it. */
  readonly base: string
  /** Somebody named it; else `all-minors` stands for it. */
  readonly named: boolean
}

export interface Legs {
  readonly legs: readonly Leg[]
  /** Why `all-minors` took what it took, a line each. */
  readonly considered: readonly string[]
  /** Why `all-minors` stands for nothing at all. */
  readonly nothing: Cause | string | null
}

/** In the order in which they were named; what `all-minors` stands for newest first. */
export async function legsOf({ repo, commit, worktree }: Head, requested: readonly string[]): Promise<Legs> {
  const named = requested.filter((name) => name !== ALL_MINORS).map((base): Leg => ({ base, named: true }))
  if (!requested.includes(ALL_MINORS)) return { legs: named, considered: [], nothing: null }
  const { legs, considered, nothing } = await minorsBefore(repo, { commit, dirty: worktree })
  const more = legs.filter(({ base }) => !requested.includes(base))
  return { legs: [...named, ...more], considered, nothing }
}

async function minorsBefore(repo: RecipeRepo, head: { commit: string; dirty: boolean }): Promise<Legs> {
  if (repo.history.kind === 'partial') return { legs: [], considered: [], nothing: historyLacks(repo.history) }
  const candidates = await candidatesOf(repo, head)
  const released = candidates.all.flatMap(({ ref }) => (ref?.source === 'tag' ? [ref] : []))
  const newest = newestOfMinors(released)
  const considered = candidates.all.map(({ name, ref, why }) => {
    if (!ref) return `${name}: ${why}`
    if (newest.some(({ version }) => version === name)) return `${name}: the newest of its minor`
    return `${name}: ${ref.source === 'tag' ? 'its minor has a newer patch' : 'is no release'}`
  })
  const legs = newest.map(({ version }): Leg => ({ base: version, named: false }))
  return { legs, considered, nothing: legs.length > 0 ? null : noBasesCause(candidates, considered) }
}

function noBasesCause(candidates: Candidates, considered: readonly string[]): Cause | string {
  const none = noBase(candidates, considered)
  return none.kind === 'none' ? none.reason : none.cause
}

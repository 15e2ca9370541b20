import type { SweepCandidate } from '../../history/sweep/contract.ts'
import { mapLimit } from '../../lib/async/map-limit.ts'
import { compareVersions, parseVersion } from '../../recipe/repository/versions.ts'
import { ForgeError } from '../contract/errors.ts'
import type { Forge } from '../contract/forge.ts'
import type { Store } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import { recipeNameOf } from '../worker/checkout.ts'

const ASKED_AT_ONCE = 4

export interface CandidateDeps {
  readonly store: Pick<Store, 'enrollments'>
  readonly forge: Pick<Forge, 'repositories' | 'tags' | 'openPulls' | 'cloneSource'>
  /** What is set aside for a run where its enrollment says nothing, bytes. */
  readonly memoryBytes: number
}

/**
 * What is enrolled, and of each repository its newest release and its open pull requests, as the forge shows them. What the forge does not show is a candidate
 * with that problem. Throws ForgeError `forge-gone`: then nothing is known, and it is to be asked later.
 */
export async function enrolledCandidates(
  parts: CandidateDeps,
  only: readonly string[] | null,
): Promise<SweepCandidate[]> {
  const repositories = await enrolledRepositories(parts)
  const chosen =
    only === null
      ? [...repositories.values()]
      : only.map((name) => repositories.get(name.toLowerCase()) ?? { name, enrollment: null })
  const candidates = await mapLimit(ASKED_AT_ONCE, chosen, ({ name, enrollment }) =>
    candidateOf(parts, name, enrollment),
  )
  return candidates.sort((a, b) => (a.recipe < b.recipe ? -1 : 1))
}

interface Enrolled {
  readonly name: string
  readonly enrollment: Enrollment | null
}

/** By name in lower case; what is enrolled by its own name counts before its organisation. */
async function enrolledRepositories({ store, forge }: CandidateDeps): Promise<Map<string, Enrolled>> {
  const found = new Map<string, Enrolled>()
  const enrollments = await store.enrollments()
  for (const enrollment of enrollments.filter(({ name }) => name.includes('/'))) {
    found.set(enrollment.name.toLowerCase(), { name: enrollment.name, enrollment })
  }
  for (const enrollment of enrollments.filter(({ name }) => !name.includes('/'))) {
    for (const name of await forge.repositories(enrollment.name).catch(orNothing)) {
      if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), { name, enrollment })
    }
  }
  return found
}

function orNothing(error: unknown): readonly string[] {
  if (error instanceof ForgeError && error.code !== 'forge-gone') return []
  throw error
}

async function candidateOf(
  { forge, memoryBytes }: CandidateDeps,
  recipe: string,
  enrollment: Enrollment | null,
): Promise<SweepCandidate> {
  const same = { recipe, recordedName: recipeNameOf(recipe), memoryBytes: enrollment?.memoryBytes ?? memoryBytes }
  const none = { ...same, source: recipe, origin: null, release: null, heads: [] }
  if (!enrollment) return { ...none, problem: { code: 'not-enrolled', text: 'nothing enrolls it' } }
  try {
    const { url } = forge.cloneSource(recipe)
    const [tags, pulls] = await Promise.all([forge.tags(recipe), forge.openPulls(recipe)])
    const newest = tags
      .filter(({ name, annotated }) => annotated && parseVersion(name) !== null)
      .sort((a, b) => compareVersions(b.name, a.name))[0]
    return {
      ...same,
      ...{ source: url, origin: url, problem: null },
      release: newest ? { tag: newest.name, commit: newest.commit } : null,
      heads: [...pulls]
        .sort((a, b) => a.number - b.number)
        .map(({ number, head, base }) => ({
          ...{ name: `#${number}`, commit: head.sha },
          pull: { number, headRef: head.ref.slice(0, 255), baseRef: base.ref.slice(0, 255) },
        })),
    }
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code === 'forge-gone') throw error
    return { ...none, problem: { code: 'unreadable', text: error.message.slice(0, 500) } }
  }
}

import type { RunSummary } from '../../history/run-summary.ts'
import type { Clock } from '../../lib/async/clock.ts'
import type { Verdict } from '../../verdict/results.ts'
import type { RunRow, Store } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import { endedFolders, type WaitingCode, waitingCode } from './waiting-code.ts'

/** What is known of a repository at a glance. */
export interface RecipeGlance {
  /** `ORG/REPO`. */
  readonly repository: string
  /** The newest run that judged it: of its own branches where there is one, else of a pull request; null: none did. */
  readonly newest: Glimpse | null
  /** `newest` has a picture of the app. */
  readonly picture: boolean
  /** Oldest first, pull requests included. */
  readonly recent: readonly Glimpse[]
  readonly running: number
  readonly queued: number
  /** Pull requests that the newest runs tested, newest first, with the newest run of each. */
  readonly pulls: readonly Glimpse[]
}

/** A run that has ended, as far as an overview needs it. */
export interface Glimpse {
  readonly run: string
  /** ISO 8601. */
  readonly finishedAt: string
  readonly verdict: Verdict | null
  readonly level: number | null
  readonly cause: string | null
  readonly tier: string | null
  readonly pull: number | null
  /** Id of the folder of its newest attempt. */
  readonly folder: string
}

/** Runs of a trend. */
export const RECENT = 30
/** What is older than this is read again, beside the answer that shows it. */
const FRESH_MS = 1_000
/** Nobody waits longer for the first reading than this many active runs take. */
const MOST_ACTIVE = 1_000

type Sources = Pick<Store, 'endsOfEach' | 'runs' | 'enrollments' | 'counts'>

interface OverviewLooks {
  /** Whether a run folder has the picture that stands for its run. */
  readonly hasPicture: (folder: string) => Promise<boolean>
  /** What is known of runs, by the id of their folder. */
  readonly summaries: (folders: readonly string[]) => ReadonlyMap<string, Pick<RunSummary, 'refused'>>
}

/**
 * All repositories at a glance. Kept in memory: a visitor gets what was read last, and starts the next reading where that is older than a second, because
 * 200 recipes of 200 runs each take longer to read than a page may.
 */
export class Overview {
  readonly #store: Sources
  readonly #clock: Pick<Clock, 'now'>
  readonly #looks: OverviewLooks
  #glances: readonly RecipeGlance[] | null = null
  /** The runs that have ended, and how many had when they were read: only another number is worth reading them again. */
  #ends: {
    readonly rows: readonly RunRow[]
    readonly waiting: readonly WaitingCode[]
    readonly count: number
  } | null = null
  #readAt = 0
  #reading: Promise<readonly RecipeGlance[]> | null = null

  constructor(store: Sources, clock: Pick<Clock, 'now'>, looks: OverviewLooks) {
    this.#store = store
    this.#clock = clock
    this.#looks = looks
  }

  /** Code that was not approved when the last reading was made; approvals since then are for the caller to take off. */
  get waiting(): readonly WaitingCode[] {
    return this.#ends?.waiting ?? []
  }

  /** By name. */
  async glances(): Promise<readonly RecipeGlance[]> {
    const fresh = Math.abs(this.#clock.now() - this.#readAt) < FRESH_MS
    if (this.#glances !== null && fresh) return this.#glances
    const reading = this.#read()
    if (this.#glances === null) return reading
    // What the next visitor gets; whoever is here now need not wait. Its failure is that visitor's to hear.
    reading.catch(() => {})
    return this.#glances
  }

  #read(): Promise<readonly RecipeGlance[]> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #readNow(): Promise<readonly RecipeGlance[]> {
    const [ends, active, enrollments] = await Promise.all([
      this.#readEnds(),
      this.#store.runs({ state: ['queued', 'running'], limit: MOST_ACTIVE }),
      this.#store.enrollments(),
    ])
    const glances = glancesOf(ends, active, enrollments)
    this.#glances = await Promise.all(
      glances.map(async (glance) => ({
        ...glance,
        picture: glance.newest !== null && (await this.#looks.hasPicture(glance.newest.folder)),
      })),
    )
    this.#readAt = this.#clock.now()
    return this.#glances
  }

  async #readEnds(): Promise<readonly RunRow[]> {
    const { done, cancelled, error } = await this.#store.counts()
    const count = done + cancelled + error
    if (this.#ends?.count !== count) {
      const rows = await this.#store.endsOfEach(RECENT)
      const waiting = waitingCode(rows, this.#looks.summaries(endedFolders(rows)))
      this.#ends = { rows, waiting, count }
    }
    return this.#ends.rows
  }
}

/** Pure: the same rows give the same glances. Attributions judge nothing and are left out. */
export function glancesOf(
  ends: readonly RunRow[],
  active: readonly RunRow[],
  enrollments: readonly Pick<Enrollment, 'name'>[],
): readonly Omit<RecipeGlance, 'picture'>[] {
  const names = new Map<string, string>()
  const note = (repository: string) => {
    const key = repository.toLowerCase()
    if (!names.has(key)) names.set(key, repository)
    return key
  }
  const endsOf = new Map<string, Glimpse[]>()
  for (const row of ends) {
    if (row.request.why) continue
    const key = note(row.request.repository)
    endsOf.set(key, [...(endsOf.get(key) ?? []), glimpseOf(row)])
  }
  const countOf = new Map<string, { running: number; queued: number }>()
  for (const { request, state } of active) {
    const key = note(request.repository)
    const count = countOf.get(key) ?? { running: 0, queued: 0 }
    count[state === 'running' ? 'running' : 'queued']++
    countOf.set(key, count)
  }
  for (const { name } of enrollments) if (name.includes('/')) note(name)
  return [...names]
    .map(([key, repository]) => {
      const all = endsOf.get(key) ?? []
      const judged = all.filter(({ verdict }) => verdict !== null)
      return {
        repository,
        newest: judged.find(({ pull }) => pull === null) ?? judged[0] ?? null,
        recent: all.toReversed(),
        ...(countOf.get(key) ?? { running: 0, queued: 0 }),
        pulls: newestOfPulls(judged),
      }
    })
    .sort((a, b) => a.repository.localeCompare(b.repository))
}

function newestOfPulls(judged: readonly Glimpse[]): readonly Glimpse[] {
  const newest = new Map<number, Glimpse>()
  for (const one of judged) if (one.pull !== null && !newest.has(one.pull)) newest.set(one.pull, one)
  return [...newest.values()]
}

function glimpseOf({ request, outcome, folder }: RunRow): Glimpse {
  return {
    run: request.id,
    finishedAt: outcome?.finishedAt ?? request.at,
    verdict: outcome?.verdict ?? null,
    level: outcome?.level ?? null,
    cause: outcome?.cause ?? null,
    tier: outcome?.tier ?? null,
    pull: request.pull?.number ?? null,
    folder,
  }
}

import { GREEN_SECONDS, RED_SECONDS, SLOW_SECONDS } from './measured.ts'
import type { Absence, Asked, Machine, World } from './world.ts'

export const GIB = 1024 ** 3
const HOUR = 3_600_000
const DAY = 24 * HOUR
const LEASE_MS = 30_000
const MINUTE = 60_000
/** A Monday. */
export const MONDAY = Date.parse('2026-11-30T00:00:00Z')
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'

/** What nobody has measured: how many people ask for how much. */
export interface Assumptions {
  readonly recipes: number
  /** Comments in a week beside those of releases upstream. */
  readonly comments: number
  /** Releases of an image in a week that many recipes use, and of how many recipes each opens pull requests within half an hour. */
  readonly releases: number
  readonly recipesOfRelease: number
  /** Of all recipes: start for minutes; need more memory, and how much, in GiB. */
  readonly slow: number
  readonly large: number
  readonly largeGib: number
  /** Of all runs of pull requests: end red. Of those: are judged a second time from the start. */
  readonly red: number
  readonly again: number
  /** Of all comments: a second one within the hour, after another push. */
  readonly pushedAgain: number
  /** Of each machine and week: it dies once in mid-run; it is drained once for an upgrade. Of several machines, the first dies five minutes into the sweep. */
  readonly lost: number
  readonly drained: number
}

export const ASSUMED: Assumptions = {
  ...{ recipes: 1000, comments: 600, releases: 4, recipesOfRelease: 60, slow: 0.1, large: 0.05, largeGib: 4 },
  ...{ red: 0.2, again: 0.5, pushedAgain: 0.3, lost: 0.2, drained: 1 },
}

/** Of each hour of a day (UTC), how many people write: an evening and a working day in Europe, some in America. */
const HOURS = [2, 1, 1, 1, 1, 1, 2, 4, 7, 9, 9, 8, 7, 8, 9, 9, 8, 7, 7, 8, 8, 7, 5, 3]
const OF_WEEKDAY = [1, 1, 1, 1, 0.9, 0.6, 0.6]

export interface Fleet {
  readonly machines: number
  /** Of 2 GiB, the default of a run. */
  readonly runsAtOnce: number
  /** How many times as long a run takes where so many run at once. Default: 1, a machine with processors for all of them. */
  readonly slowdown?: number
}

/** A week of comments and one sweep of everything, which begins on Tuesday at two. The same for the same seed, whatever the fleet. */
export function week(seed: number, fleet: Fleet, assumed: Assumptions = ASSUMED): World {
  const random = seeded(seed)
  const pick = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)] as T
  const recipes = Array.from({ length: assumed.recipes }, (_, n) => ({
    repo: `coop/r${String(n).padStart(4, '0')}`,
    seconds: random() < assumed.slow ? pick(SLOW_SECONDS) : pick(GREEN_SECONDS),
    memory: (random() < assumed.large ? assumed.largeGib : 2) * GIB,
    pulls: 0,
  }))
  const { slowdown = 1 } = fleet
  const asked: Asked[] = []
  const ask = (at: number, recipe: (typeof recipes)[number], pull: number | null) => {
    const red = pull !== null && random() < assumed.red
    const seconds = red
      ? pick(RED_SECONDS) + (random() < assumed.again ? pick(RED_SECONDS) : 0)
      : recipe.seconds * (0.95 + random() / 10)
    asked.push({
      ...{ id: '', at: Math.round(at), repo: recipe.repo, pull, priority: pull === null ? 'sweep' : 'pull' },
      ...{ memory: recipe.memory, durationMs: Math.round(seconds * slowdown * 1000) },
    })
  }
  const comment = (at: number, recipe: (typeof recipes)[number]) => {
    recipe.pulls += 1
    ask(at, recipe, recipe.pulls)
    if (random() < assumed.pushedAgain) ask(at + random() * HOUR, recipe, recipe.pulls)
  }
  const total = OF_WEEKDAY.reduce((sum, day) => sum + day, 0) * HOURS.reduce((sum, hour) => sum + hour, 0)
  for (const [day, ofDay] of OF_WEEKDAY.entries())
    for (const [hour, ofHour] of HOURS.entries()) {
      const expected = (assumed.comments * ofDay * ofHour) / total
      const count = Math.floor(expected) + (random() < expected % 1 ? 1 : 0)
      for (let n = 0; n < count; n += 1) comment(MONDAY + day * DAY + (hour + random()) * HOUR, pick(recipes))
    }
  for (let n = 0; n < assumed.releases; n += 1) {
    const at = MONDAY + Math.floor(random() * 5) * DAY + (6 + random() * 12) * HOUR
    for (let of = 0; of < assumed.recipesOfRelease; of += 1) comment(at + (random() * HOUR) / 2, pick(recipes))
  }
  const sweepAt = MONDAY + DAY + 2 * HOUR
  for (const recipe of recipes) ask(sweepAt, recipe, null)
  const machines = Array.from({ length: fleet.machines }, (_, n): Machine => {
    return { name: `w${String(n).padStart(2, '0')}`, memory: fleet.runsAtOnce * 2 * GIB }
  })
  // What wants more than any machine has would be refused when it is asked for.
  const largest = Math.max(...machines.map(({ memory }) => memory))
  const named = asked
    .sort((a, b) => a.at - b.at)
    .map((one, n) => ({ ...one, id: idOf(one.at, n), memory: Math.min(one.memory, largest) }))
  return { machines, asked: named, absences: machines.flatMap(absencesOf), leaseMs: LEASE_MS }

  function absencesOf({ name }: Machine, place: number): Absence[] {
    const away = (kind: Absence['kind'], ms: number, from = MONDAY + random() * 7 * DAY) => {
      return { worker: name, kind, from: Math.round(from), until: Math.round(from + ms) }
    }
    const drained = random() < assumed.drained ? away('drained', 20 * MINUTE) : null
    const first = place === 0 && fleet.machines > 1
    const lost = first
      ? away('lost', 15 * MINUTE, sweepAt + 5 * MINUTE)
      : random() < assumed.lost
        ? away('lost', 15 * MINUTE)
        : null
    // Never at the same time: the second would end the first.
    const both = drained && lost && drained.from <= lost.until && lost.from <= drained.until
    return [drained, both ? null : lost].filter((one) => one !== null)
  }
}

/** A run's id, by its place among all: never the same twice. */
export function idOf(at: number, n: number): string {
  const stamp = new Date(at).toISOString().replace(/[-:]/g, '').slice(0, 15).replace('T', '-')
  const letters = [5, 4, 3, 2, 1, 0].map(
    (place) => ALPHABET[Math.floor(n / ALPHABET.length ** place) % ALPHABET.length],
  )
  return `${stamp}-${letters.join('')}`
}

/** Mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

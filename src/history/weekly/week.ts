import { UsageError } from '../../lib/errors.ts'

const DAY_MS = 86_400_000

/** A week as ISO 8601 counts them: Monday to Sunday, in UTC. */
export interface Week {
  /** `2026-W48`. */
  readonly id: string
  /** Epoch ms: its first moment, and the first one after it. */
  readonly from: number
  readonly to: number
}

/** The week that a moment (epoch ms) lies in. */
export function weekOf(at: number): Week {
  const midnight = Math.floor(at / DAY_MS) * DAY_MS
  const from = midnight - weekday(midnight) * DAY_MS
  // The year of a week is that of its Thursday.
  const thursday = from + 3 * DAY_MS
  const year = new Date(thursday).getUTCFullYear()
  const number = 1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY_MS))
  return { id: `${year}-W${String(number).padStart(2, '0')}`, from, to: from + 7 * DAY_MS }
}

/** The last week that is over at this moment. */
export function lastWholeWeek(now: number): Week {
  return weekOf(weekOf(now).from - 1)
}

/** `2026-W48`, or a day in it as `2026-11-29`. Throws UsageError `bad-week`. */
export function parseWeek(text: string): Week {
  const found = weekNamed(text) ?? weekWithDay(text)
  if (found) return found
  throw new UsageError('bad-week', `"${text}" is no week`, {
    kind: 'invalid',
    hint: 'Write it like 2026-W48, or name a day in it: 2026-11-29.',
  })
}

/** Null for what is no week: `2026-W54`, `W48`. */
export function weekNamed(text: string): Week | null {
  const [, year, number] = /^(\d{4})-W(\d\d)$/.exec(text) ?? []
  if (year === undefined || number === undefined) return null
  // The 4th of January lies in the first week of every year.
  const week = weekOf(Date.UTC(Number(year), 0, 4) + (Number(number) - 1) * 7 * DAY_MS)
  return week.id === text ? week : null
}

function weekWithDay(text: string): Week | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return null
  const at = Date.parse(`${text}T00:00:00Z`)
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? null : weekOf(at)
}

/** 0 for Monday. */
function weekday(at: number): number {
  return (new Date(at).getUTCDay() + 6) % 7
}

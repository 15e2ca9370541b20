import { UsageError } from '../../lib/errors.ts'
import type { SweepTimes } from '../contract/settings.ts'

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MINUTE = 60_000
const DAY_MS = 24 * 60 * MINUTE

/** `Sun 02:00`, `Mon,Thu 03:30`, `daily 02:00`; in UTC. Throws UsageError `bad-times` with what was found. */
export function parseSweepTimes(text: string): SweepTimes {
  const [, names = '', hour = '', minute = ''] = /^([A-Za-z]+(?:,[A-Za-z]+)*) (\d\d):(\d\d)$/.exec(text.trim()) ?? []
  const days =
    names.toLowerCase() === 'daily'
      ? [0, 1, 2, 3, 4, 5, 6]
      : names.split(',').map((name) => DAYS.indexOf(name.toLowerCase()))
  if (names === '' || days.includes(-1) || Number(hour) > 23 || Number(minute) > 59) {
    throw new UsageError('bad-times', `"${text}" is no time of the week`, {
      hint: 'Write it like `Sun 02:00`, `Mon,Thu 03:30` or `daily 02:00`; it is in UTC.',
    })
  }
  return { days: [...new Set(days)].sort(), minuteOfDay: Number(hour) * 60 + Number(minute) }
}

/** The newest of these times that is not after `now`, epoch ms. */
export function lastTime({ days, minuteOfDay }: SweepTimes, now: number): number {
  const midnight = Math.floor(now / DAY_MS) * DAY_MS
  for (let back = 0; back <= 7; back += 1) {
    const time = midnight - back * DAY_MS + minuteOfDay * MINUTE
    if (time <= now && days.includes(new Date(time).getUTCDay())) return time
  }
  return Number.NEGATIVE_INFINITY
}

/** As one would write them: `Sun 02:00`. */
export function timesText({ days, minuteOfDay }: SweepTimes): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const names = days.map((day) => `${DAYS[day]?.[0]?.toUpperCase()}${DAYS[day]?.slice(1)}`)
  return `${days.length === 7 ? 'daily' : names.join(',')} ${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}`
}

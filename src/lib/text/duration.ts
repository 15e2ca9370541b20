import { UsageError } from '../errors.ts'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `90s`, `10m`, `1h30m`, `250ms`, `30d` to milliseconds. Throws UsageError `bad-duration` with what was found. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text.trim()) {
    throw new UsageError('bad-duration', `"${text}" is not a duration`, {
      hint: 'Write it like 90s, 10m, 1h30m or 30d.',
    })
  }
  return parts.reduce((total, [, amount, unit]) => total + Number(amount) * UNITS[unit as keyof typeof UNITS], 0)
}

/** Milliseconds for a person: `0.4 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`, `90 d`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
  const rest = hours % 24 === 0 ? '' : ` ${hours % 24} h`
  return `${Math.floor(hours / 24)} d${rest}`
}

/** How long ago, in one unit, for a person: `12 s`, `5 min`, `3 h`, `14 d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

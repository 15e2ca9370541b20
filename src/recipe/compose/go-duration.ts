const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** Keys of a compose file, at whatever depth of a service, whose values are durations of Go. */
export const DURATION_KEYS: ReadonlySet<string> = new Set([
  'interval',
  'timeout',
  'start_period',
  'start_interval',
  'delay',
  'monitor',
  'window',
  'stop_grace_period',
])

/** One part after the other, each in one way only: what could be split in several ways takes time with the square of its length, or worse. */
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y

/** A duration as Go writes it (`1m30s`, `1.5h`, `0`), in nanoseconds; undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  const sign = /^[-+]?/.exec(text)?.[0] ?? ''
  const body = text.slice(sign.length)
  if (body === '0') return 0
  let total = 0
  let at = 0
  while (at < body.length) {
    PART.lastIndex = at
    const part = PART.exec(body)
    if (!part) return undefined
    total += Number(part[1]) * (NANOSECONDS[part[2] ?? 's'] ?? 0)
    at = PART.lastIndex
  }
  if (body === '') return undefined
  return sign === '-' ? -total : total
}

/** A size such as `512M`, `1.5g` or `1024` in bytes, in powers of 1024; undefined when it is none. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp])?i?b?$/i.exec(text.trim())
  if (!match) return undefined
  const power = match[2] ? 'kmgtp'.indexOf(match[2].toLowerCase()) + 1 : 0
  return Math.floor(Number(match[1]) * 1024 ** power)
}

import { UsageError } from '../errors.ts'

const UNITS = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const

/** `4G`, `512M`, `0` to bytes. Throws UsageError `bad-size` with what was found. */
export function parseSize(text: string): number {
  const [, amount, unit = ''] = /^(\d{1,12})([KMG]?)$/.exec(text.trim()) ?? []
  if (amount === undefined || (unit === '' && amount !== '0'))
    throw new UsageError('bad-size', `"${text}" is not a size`, { hint: 'Write it like 4G or 512M.' })
  return Number(amount) * UNITS[unit as keyof typeof UNITS]
}

/** Bytes for a person: `12 KiB`, `512 MiB`, `1.5 GiB`. */
export function formatSize(bytes: number): string {
  const gib = bytes / 1024 ** 3
  if (bytes > 0 && bytes < 1024 ** 2) return `${Math.ceil(bytes / 1024)} KiB`
  return gib >= 1 ? `${Number(gib.toFixed(1))} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`
}

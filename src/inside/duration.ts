import { SandboxError } from './errors/sandbox-error.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `90s`, `10m`, `1h30m` to milliseconds, as in the settings. Throws SandboxError `bad-duration`. */
export function milliseconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim()) {
    throw new SandboxError('bad-duration', `"${text}" is not a duration`, 'Write it like 90s, 10m or 1h30m.')
  }
  return parts.reduce((total, [, amount, unit]) => total + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0)
}

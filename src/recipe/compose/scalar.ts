/** How Go prints a date that YAML holds without quotes. It can be a value of a label or variable, and nothing else. */
export const DATE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$/

/**
 * What an unquoted YAML scalar means to the docker CLI (Go's yaml.v3): `0755` is 493, `yes` and `on` are text, a date is a
 * point in time. Whole numbers beyond 2^53 come back as text, so that no digit is lost.
 */
export function plainScalar(source: string): string | number | boolean | null {
  if (/^(|~|null|Null|NULL)$/.test(source)) return null
  if (/^(true|True|TRUE)$/.test(source)) return true
  if (/^(false|False|FALSE)$/.test(source)) return false
  if (/^[-+]?[.\d]/.test(source)) return numberOrText(source)
  return source
}

function numberOrText(source: string): string | number {
  const plain = source.replaceAll('_', '')
  const integer = wholeNumber(plain)
  if (integer !== undefined) return integer
  if (/^[-+]?(\.\d+|\d+(\.\d*)?([eE][-+]?\d+)?)$/.test(plain))
    return Number.isFinite(Number(plain)) ? Number(plain) : source
  return dateAsGoPrints(source) ?? source
}

/** Dates with a fraction of a second or a time zone stay as they are written. */
function dateAsGoPrints(source: string): string | undefined {
  const match = /^(\d{4})-(\d\d?)-(\d\d?)(?: (\d\d?):(\d\d?):(\d\d?))?$/.exec(source)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1).map((part = '0') => part.padStart(2, '0'))
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const date = new Date(`${iso}Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso)
    ? `${iso.replace('T', ' ')} +0000 UTC`
    : undefined
}

function wholeNumber(plain: string): number | string | undefined {
  const match = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/.exec(plain)
  if (!match) return undefined
  const [, sign, hex, binary, octal, decimal] = match
  const digits = hex ? `0x${hex}` : binary ? `0b${binary}` : octal ? `0o${octal}` : (decimal ?? '0')
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits)
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  return value < 2n ** 64n && value >= -(2n ** 63n) ? String(value) : Number(value)
}

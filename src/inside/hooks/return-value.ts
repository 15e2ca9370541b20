import { SandboxError } from '../errors/sandbox-error.ts'

/** What a hook gave back, ready to be sent; undefined counts as null. Throws SandboxError `return-not-data` with where it is not data. */
export function dataFrom(hook: string, value: unknown): unknown {
  if (value === undefined) return null
  const found = notData(value, [])
  if (found === null) return value
  const hint = 'Return texts, finite numbers, booleans, null, and lists or plain objects of them.'
  throw new SandboxError('return-not-data', `${hook} returned ${found}`, hint)
}

function notData(value: unknown, above: readonly unknown[], path = ''): string | null {
  const at = path === '' ? '' : ` at ${path}`
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${value}${at}`
  if (typeof value !== 'object') return `${value === undefined ? 'undefined' : `a ${typeof value}`}${at}`
  if (above.includes(value)) return `something that holds itself${at}`
  if (!Array.isArray(value) && !isPlain(value)) return `a ${value.constructor?.name ?? 'special object'}${at}`
  for (const [key, inner] of Object.entries(value)) {
    const found = notData(inner, [...above, value], `${path}.${key}`)
    if (found) return found
  }
  return null
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

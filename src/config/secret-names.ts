import { MASK } from '../lib/mask.ts'

const ANYWHERE = /secret|password|token|credential/i
const KEY_SEGMENT = /(^|[^A-Za-z])keys?($|[^A-Za-z])/i

/** Whether what stands under this name is not to be shown: `SECRET_KEY_BASE`, `apiKey`; not `KEYCLOAK_URL`, `monkey`. */
export function isSecretName(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
  return ANYWHERE.test(name) || KEY_SEGMENT.test(words)
}

/** `SECRET_DB_PASSWORD_VERSION: v2` says which secret is meant, and is in its public name. */
function isVersionOf(name: string, value: unknown): boolean {
  return /_VERSION$/i.test(name) && typeof value === 'string' && /^v\d{1,4}$/.test(value)
}

/** The value as it may be shown: below a secret name, at any depth, every text and number is replaced. Names stay. */
export function maskSecretNames(value: unknown, name = ''): unknown {
  if (name.split('.').some(isSecretName) && !isVersionOf(name, value)) return maskAll(value)
  if (Array.isArray(value)) return value.map((item) => maskSecretNames(item))
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskSecretNames(inner, key)]))
}

/** Values of an environment that stand under secret names. */
export function secretValuesOf(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    isSecretName(name) && !isVersionOf(name, value) ? [value] : [],
  )
}

function maskAll(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskAll)
  if (!isPlain(value)) return MASK
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskAll(inner)]))
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

import { SandboxError } from '../errors/sandbox-error.ts'
import { call } from '../rpc/rpc.ts'
import type { RunFacts } from '../rpc/run-facts.ts'

/** The tag of a test that needs any dependency; `@keycloak` and the like will do as well. */
const ANY = '@integration'

/** Null when the tags say that the test needs a dependency, otherwise what to write. */
export function tagAdvice(tags: readonly string[], { config }: RunFacts): string | null {
  const accepted = [ANY, ...declared(config).map((name) => `@${name}`)]
  if (tags.some((tag) => accepted.includes(tag))) return null
  return `a test that uses "deps" needs one of the tags ${accepted.join(', ')}: test('…', { tag: '${ANY}' }, async ({ deps }) => { … })`
}

/** What the fixture `deps` holds. `skip` does not return: it ends the test with that reason. */
export function depObjects(facts: RunFacts, skip: (reason: string) => void): Readonly<Record<string, unknown>> {
  return lookingUp((name) => {
    const credentials = facts.deps[name]
    if (credentials) return depObject(name, credentials, facts.calls?.[name] ?? [])
    if (!declared(facts.config).includes(name)) throw undeclared(name, facts)
    skip(`the dependency "${name}" is not there: the test runs alone, or it did not come up`)
  })
}

function depObject(name: string, credentials: Readonly<Record<string, string>>, calls: readonly string[]): unknown {
  return lookingUp((key) => {
    if (Object.hasOwn(credentials, key)) return credentials[key]
    if (calls.includes(key)) return (params?: unknown) => call('dep', { name, method: key, params: params ?? null })
    const known = [...Object.keys(credentials), ...calls.map((method) => `${method}()`)].join(', ')
    throw new SandboxError('dep-unknown-key', `deps.${name} has no "${key}"`, `It has ${known}.`)
  })
}

/** Names that JavaScript and assertions look for in any value are not there; every other name is looked up. */
function lookingUp(look: (name: string) => unknown): Readonly<Record<string, unknown>> {
  const get = (_: object, key: string | symbol) =>
    typeof key === 'symbol' || key in Object.prototype || key === 'then' || key === 'toJSON' ? undefined : look(key)
  return new Proxy(Object.freeze(Object.create(null)), { get })
}

function declared(config: RunFacts['config']): string[] {
  return Array.isArray(config.deps) ? config.deps.filter((name) => typeof name === 'string') : []
}

function undeclared(name: string, { config }: RunFacts): SandboxError {
  const names = declared(config)
  const hint = `Add it to "deps:" in cc-ci.yml; declared ${names.length === 0 ? 'are none' : `are ${names.join(', ')}`}.`
  return new SandboxError('dep-undeclared', `the recipe declares no dependency "${name}"`, hint)
}

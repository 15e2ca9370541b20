import { pathToFileURL } from 'node:url'
import { SandboxError } from '../errors/sandbox-error.ts'

type Hook = (...args: readonly unknown[]) => unknown

/** The function at a dotted name of the default export, also of `{ run, timeout, onTimeout }`. Throws SandboxError `hook-missing`. */
export async function findHook(file: string, name: string): Promise<Hook> {
  const { default: settings } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
  const found = name.split('.').reduce(member, settings)
  const hook = isFunction(found) ? found : member(found, 'run')
  if (isFunction(hook)) return hook
  const hint =
    'The default export changes itself while it loads; write the function where it is read: in defineRecipe({ … }).'
  throw new SandboxError('hook-missing', `there is no function at ${name}`, hint)
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

function isFunction(value: unknown): value is Hook {
  return typeof value === 'function'
}

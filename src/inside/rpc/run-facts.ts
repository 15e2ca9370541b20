import type { Operation } from '../../public/ctx.ts'
import { call } from './rpc.ts'

/** What the harness says about the run: the answer to the request `context`. */
export interface RunFacts {
  readonly domain: string
  readonly baseUrl: string
  readonly recipe: { readonly name: string; readonly version: string | null; readonly commit: string }
  readonly config: Readonly<Record<string, unknown>>
  /** Of each dependency that is there: its credentials. */
  readonly deps: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Of each dependency that is there: the names of what it can be asked. */
  readonly calls?: Readonly<Record<string, readonly string[]>>
  readonly op: Operation | null
}

let facts: Promise<RunFacts> | undefined

/** Asked once per process; frozen to the last leaf. */
export function runFacts(): Promise<RunFacts> {
  facts ??= call('context').then((answer) => deepFreeze(answer as RunFacts))
  return facts
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}

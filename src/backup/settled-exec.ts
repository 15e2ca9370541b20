import type { EngineExecResult } from '../engine/types.ts'
import type { Clock } from '../lib/async/clock.ts'
import { type OnWaiting, waitFor } from '../lib/async/wait.ts'
import { CcCiError, InfraError } from '../lib/errors.ts'

/** Runs argv in the running container of a service. Throws InfraError `no-container` when none runs. */
export type ServiceExec = (
  service: string,
  argv: readonly string[],
  options: { readonly timeoutMs: number; readonly stdin?: string },
) => Promise<EngineExecResult>

export interface SettledExecOptions {
  readonly exec: ServiceExec
  /** How long a service may be without a container that runs. Default 5 min. */
  readonly settleMs?: number
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly onWaiting?: OnWaiting
}

/**
 * Runs argv in a service, and where its container is just being replaced (none runs, or the engine answers 409) waits until one
 * takes a command and runs argv there, once more: a container that ended in the middle of a dump gets a second chance.
 * Throws InfraError `no-container` when none came in time.
 */
export async function settledExec(
  service: string,
  argv: readonly string[],
  options: SettledExecOptions & { readonly timeoutMs: number; readonly stdin?: string },
): Promise<EngineExecResult> {
  const { exec, timeoutMs, stdin } = options
  const execOptions = { timeoutMs, ...(stdin === undefined ? {} : { stdin }) }
  try {
    return await exec(service, argv, execOptions)
  } catch (error) {
    if (!isUnsettled(error)) throw error
    await settle(service, options)
    return exec(service, argv, execOptions)
  }
}

async function settle(service: string, { exec, settleMs = 300_000, ...wait }: SettledExecOptions): Promise<void> {
  const result = await waitFor<true, never>(
    async () => {
      try {
        await exec(service, ['sh', '-c', ':'], { timeoutMs: 30_000 })
        return { state: 'ready', value: true }
      } catch (error) {
        if (!isUnsettled(error)) throw error
        return { state: 'waiting', reason: (error as Error).message }
      }
    },
    { ...wait, wait: { id: 'container', service }, timeoutMs: settleMs },
  )
  if (result.state === 'ready') return
  const seen = result.state === 'deadline' ? result.lastSeen : 'nothing'
  throw new InfraError('no-container', `no container of ${service} took a command within ${settleMs} ms: ${seen}`, {
    hint: 'Look at the tasks and logs of the service: it may be restarting over and over.',
  })
}

/** No container, or one that is stopping: 409 on create, 404 when it has gone in between. */
function isUnsettled(error: unknown): boolean {
  if (!(error instanceof CcCiError)) return false
  const status = 'status' in error ? error.status : undefined
  return error.code === 'no-container' || status === 409 || status === 404
}

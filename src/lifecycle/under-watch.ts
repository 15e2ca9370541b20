import { CcCiError } from '../lib/errors.ts'
import { cause } from '../verdict/causes.ts'
import { type RunContext, TierStop } from './context.ts'

/**
 * Runs `act` with a signal that the watch over the app ends: whatever waits with it waits no longer, and what is thrown names the root, with what was
 * being waited for as its last line. `waitingFor`: what that is at the moment, for a person; null for nothing.
 */
export async function underWatch<T>(
  context: RunContext,
  waitingFor: () => string | null,
  act: (context: RunContext) => Promise<T>,
): Promise<T> {
  const ended = new AbortController()
  const stop = context.watch.onFailure((why) => ended.abort(new TierStop('stayed-up', why)))
  try {
    return await act({ ...context, signal: AbortSignal.any([context.signal, ended.signal]) })
  } catch (error) {
    context.signal.throwIfAborted()
    throw await rooted(context, { error, ended: ended.signal, waitingFor: waitingFor() })
  } finally {
    stop()
  }
}

interface Ended {
  readonly error: unknown
  readonly ended: AbortSignal
  readonly waitingFor: string | null
}

/** What a wait or check saw may be no more than a symptom: the deepest sign is the cause. */
async function rooted({ watch, masker }: RunContext, { error, ended, waitingFor }: Ended): Promise<unknown> {
  const known = ended.aborted ? (ended.reason as TierStop) : null
  // Told in other words already, with what cc-ci had done to the app.
  if (error instanceof TierStop && error.cause === known && known !== null) return error
  const root = known ?? (isSymptom(error) ? await found(watch) : null)
  if (root === null) return error
  const symptom = error instanceof TierStop && error !== root ? `${error.why.code}: ${error.why.message}` : waitingFor
  if (symptom === null) return root
  const { code, message, ...rest } = root.why
  const lines = [...rest.lines, `meanwhile: ${masker.mask(symptom)}`]
  return new TierStop(root.check, cause(code, message, { ...rest, lines }), root.outcome)
}

/**
 * What a program's end may explain: a fault of the app, a database that cannot be read, or an engine that has no container to run a command in.
 * What convergence says of a service is read off the programs themselves, and an engine that is lost tells nothing.
 */
function isSymptom(error: unknown): boolean {
  if (error instanceof TierStop) return error.outcome === 'fail' && error.why.service === undefined
  return error instanceof CcCiError && error.code !== 'engine-lost'
}

async function found(watch: RunContext['watch']): Promise<TierStop | null> {
  const why = await watch.failure().catch(() => null)
  return why && new TierStop('stayed-up', why)
}

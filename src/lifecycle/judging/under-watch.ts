import { CcCiError } from '../../lib/errors.ts'
import { cause } from '../../verdict/causes.ts'
import { type RunContext, TierStop } from '../context.ts'
import type { DiskFull } from '../disk/judge.ts'

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
  const stopDisk = context.disk.onFull((full) => ended.abort(stopOf(full)))
  try {
    const done = await act({ ...context, signal: AbortSignal.any([context.signal, ended.signal]) }).catch(
      async (error: unknown) => {
        context.signal.throwIfAborted()
        throw await rooted(context, { error, ended: ended.signal, waitingFor: waitingFor() })
      },
    )
    // It may have come to its end without another wait that would have told.
    if (context.disk.full) throw stopOf(context.disk.full)
    const failed = context.watch.failed ? await found(context.watch) : null
    if (failed) throw failed
    return done
  } finally {
    stop()
    stopDisk()
  }
}

function stopOf({ why, outcome }: DiskFull): TierStop {
  return new TierStop('stayed-up', why, outcome)
}

interface Ended {
  readonly error: unknown
  readonly ended: AbortSignal
  readonly waitingFor: string | null
}

/** What a wait or check saw may be no more than a symptom: the deepest sign is the cause. Data that did not come back is that itself: programs end for want of it. */
async function rooted({ watch, disk, masker }: RunContext, { error, ended, waitingFor }: Ended): Promise<unknown> {
  // No program can be held to anything on a full disk, and what was ended for filling it has not failed by itself.
  const full = await disk.found()
  if (full) return full.why === (error instanceof TierStop ? error.why : null) ? error : stopOf(full)
  if (error instanceof TierStop && error.why.code === 'rollback-data-lost') return error
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

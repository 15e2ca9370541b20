import { DeployFailure } from '../../deploy/deploy-failure.ts'
import { EngineRefusal } from '../../engine/connection.ts'
import { systemClock } from '../../lib/async/clock.ts'
import { debugLog } from '../../lib/debug.ts'
import { CancelledError, CcCiError, DeadlineError, InfraError, messageOf } from '../../lib/errors.ts'
import { isNoSpace } from '../../lib/files/no-space.ts'
import { CAUSES, type Cause, cause } from '../../verdict/causes.ts'
import { fold } from '../../verdict/fold.ts'
import { TIERS, type TierId } from '../../verdict/tiers.ts'
import { isCauseCode, type RunContext, TierStop, type UpdateContext } from '../context.ts'
import { type TierReporter, tierReporter } from '../reporter.ts'
import { carriedTiers } from '../stored-data/checkpoint.ts'
import { bringBack } from '../stored-data/resume.ts'
import { TIER_RUNNERS } from '../tiers/index.ts'
import { blockerOf } from './blocker.ts'
import { advanceDoubtWindow, doubtOf } from './doubt.ts'
import { machineOf } from './machine-now.ts'
import { noteMemory } from './memory-use.ts'
import { nodeDoubt } from './node-doubt.ts'
import { type FoundFault, notOfHead } from './not-of-head.ts'
import { underWatch } from './under-watch.ts'
import { requireWatched } from './unwatched.ts'

const debug = debugLog('run')

/** Runs one tier to its end. Only a cancellation leaves the tier open; every other error becomes a check with its cause. Gives the context for the tiers after it. */
export async function judgeTier(id: TierId, context: RunContext): Promise<RunContext> {
  const { events, plan } = context
  const skip = plan.skips.get(id)
  const by = skip ? null : blocker(id, context)
  if (skip) events.append({ type: 'tier.skipped', tier: id, ...skip })
  else if (by) events.append({ type: 'tier.blocked', tier: id, by })
  else return run(id, context)
  return context
}

async function run(id: TierId, context: RunContext): Promise<RunContext> {
  const { events, clock } = context
  const begun = clock.now()
  events.append({ type: 'tier.started', tier: id })
  debug('tier started', { tier: id })
  let next = context
  let waiting: string | null = null
  const reporter = tierReporter(id, {
    events,
    clock,
    onWaiting: ({ name, reason }) => {
      waiting = `waited for ${name}: ${reason}`
    },
  })
  try {
    context.signal.throwIfAborted()
    await underWatch(
      context,
      () => waiting,
      async (watched) => {
        let mine = watched
        const carryOn: UpdateContext = (learnt) => {
          next = { ...next, ...learnt }
          mine = { ...mine, ...learnt }
          return mine
        }
        await withApp(id, watched, reporter, carryOn)
        await requireWatched(id, next)
        await noteMemory(id, next)
      },
    )
  } catch (error) {
    if (context.signal.aborted || error instanceof CancelledError) throw context.signal.reason ?? error
    const { check, outcome, why } = notOfHead(id, next, foundBy(id, error))
    debug('tier failed', { tier: id, outcome, check: check, code: why.code, error: messageOf(error) })
    const { machine, line } = await machineOf(context)
    reporter.check(check, outcome, { ...why, lines: [...why.lines, line] }, machine)
    // What the watch finds after the last look of a tier that passed is reported by the next one: nothing is blocked by a tier that has no cause.
    if (context.watch.failed || context.disk.full) context.state.failedIn ??= id
  }
  const found = fold(events.all()).tiers.find((tier) => tier.id === id)
  const since = advanceDoubtWindow(context, begun)
  const why = (found && (await nodeDoubt(id, next, found))) ?? doubtOf(id, next, since, found)
  if (why) events.append({ type: 'tier.doubted', tier: id, cause: why })
  events.append({ type: 'tier.ended', tier: id })
  debug('tier ended', { tier: id, ms: clock.now() - begun })
  return next
}

/** Where the run continues from another one, the first tier that looks at the app has it put in place. */
async function withApp(id: TierId, context: RunContext, reporter: TierReporter, carryOn: UpdateContext): Promise<void> {
  const { resumed } = context.plan
  const { app } = TIERS[id]
  const missing = resumed !== null && !context.state.current && (app === 'base' || app === 'head')
  const mine = missing ? await bringBack(context, reporter, { resumed, carryOn }) : context
  return TIER_RUNNERS[id].run(mine, reporter, carryOn)
}

/** The last tier, which runs whatever happened before. Never throws: what keeps it from its end is what it found. */
export async function judgeTeardown(context: RunContext): Promise<void> {
  const { events } = context
  events.append({ type: 'tier.started', tier: 'teardown' })
  const reporter = tierReporter('teardown', { events, clock: systemClock })
  try {
    await TIER_RUNNERS.teardown.run(context, reporter, (learnt) => ({ ...context, ...learnt }))
  } catch (error) {
    const blame = error instanceof InfraError ? ({ blame: 'infra' } as const) : {}
    reporter.check('removal-ran', 'unverified', cause('teardown-leak', messageOf(error), blame))
  }
  events.append({ type: 'tier.ended', tier: 'teardown' })
}

function foundBy(tier: TierId, error: unknown): FoundFault {
  if (error instanceof TierStop) return error
  return {
    check: { id: 'tier-ran', subject: tier },
    outcome: error instanceof DeployFailure ? 'fail' : 'unverified',
    why: causeOfError(error),
  }
}

function blocker(tier: TierId, { events, state, plan }: RunContext): TierId | null {
  if (plan.attached) return null
  // A reattached app was installed in another run; the upgrade finds out whether it comes up.
  const carried = plan.resumed ? carriedTiers(plan.resumed) : []
  const installed = (id: TierId) => carried.includes(id) || (id === 'install' && plan.canonical.kind === 'quick')
  const passed = (id: TierId) =>
    installed(id) || fold(events.all()).tiers.find((row) => row.id === id)?.status === 'pass'
  const headServes = state.headServes || plan.skips.has('upgrade')
  return blockerOf(tier, { passed, headServes, failedIn: state.failedIn })
}

/** The cause that an unexpected error amounts to. */
export function causeOfError(error: unknown): Cause {
  const lines = error instanceof Error && error.stack ? error.stack.split('\n').slice(1, 6) : []
  if (isNoSpace(error)) return cause('disk-full', messageOf(error))
  if (error instanceof DeployFailure) return error.found
  if (error instanceof CcCiError && isCauseCode(error.code, CAUSES))
    return cause(error.code, error.message, { hint: error.hint, ...machines(error) })
  if (error instanceof DeadlineError) return cause('deadline', error.message, { hint: error.hint })
  if (error instanceof InfraError && error.code === 'browser-failed')
    return cause('screenshot-failed', error.message, { hint: error.hint })
  if (error instanceof InfraError) return cause('engine-lost', error.message, { hint: error.hint })
  return cause('harness-error', messageOf(error), { lines })
}

/** What the table says of a code is meant for the recipe's objects; an InfraError is about the machine whatever its code. */
function machines(error: CcCiError): { blame?: 'infra'; deterministic?: boolean } {
  if (error instanceof EngineRefusal) return { blame: 'infra', deterministic: !error.retryable }
  return error instanceof InfraError ? { blame: 'infra' } : {}
}

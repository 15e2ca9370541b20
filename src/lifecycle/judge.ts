import { DeployFailure } from '../deploy/deploy-failure.ts'
import { EngineRefusal } from '../engine/connection.ts'
import { systemClock } from '../lib/clock.ts'
import { CancelledError, CcCiError, DeadlineError, InfraError, messageOf } from '../lib/errors.ts'
import { isNoSpace } from '../lib/no-space.ts'
import { CAUSES, type Cause, cause } from '../verdict/causes.ts'
import { fold } from '../verdict/fold.ts'
import { TIERS, type TierId } from '../verdict/tiers.ts'
import { blockerOf } from './blocker.ts'
import { type CarryOn, isCauseCode, type RunContext, TierStop } from './context.ts'
import { machineLine, machineNow } from './machine-now.ts'
import { noteMemory } from './memory-use.ts'
import { type FoundFault, notOfHead } from './not-of-head.ts'
import { tierReporter } from './reporter.ts'
import { TIER_RUNNERS } from './tiers/index.ts'
import { underWatch } from './under-watch.ts'

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
  events.append({ type: 'tier.started', tier: id })
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
      (watched) => {
        let mine = watched
        const carryOn: CarryOn = (learnt) => {
          next = { ...next, ...learnt }
          mine = { ...mine, ...learnt }
          return mine
        }
        return TIER_RUNNERS[id].run(watched, reporter, carryOn)
      },
    )
    await noteMemory(id, next)
  } catch (error) {
    if (context.signal.aborted || error instanceof CancelledError) throw context.signal.reason ?? error
    const { check, outcome, why } = notOfHead(id, next, foundBy(id, error))
    const machine = machineNow(context.folder.dir)
    reporter.check(check, outcome, { ...why, lines: [...why.lines, machineLine(machine)] }, machine)
  }
  if (context.watch.failed) context.state.failedIn ??= id
  const why = doubt(id, next)
  if (why) events.append({ type: 'tier.doubted', tier: id, cause: why })
  events.append({ type: 'tier.ended', tier: id })
  return next
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

/**
 * Why a fault of the recipe would not be proven in this tier: code of the recipe was refused, or a dependency did not come up, and what is
 * missing may be exactly that. Null: no doubt.
 */
function doubt(tier: TierId, { plan, resources }: RunContext): Cause | null {
  if (TIERS[tier].app === 'none' || plan.policy.length > 0) return null
  const refused = plan.custom.admitted.refused.filter(({ tiers, judges }) => !judges && tiers.includes(tier))
  if (refused.length > 0) {
    const what = refused.map((refusal) => refusal.what).join(', ')
    return cause('code-refused', `${tier} found a fault, but code that it may need was refused: ${what}`)
  }
  const [failed] = resources.deps.failures.values()
  return failed
    ? cause('dep-failed', `${tier} found a fault, but a dependency is missing: ${failed.message}`, failed)
    : null
}

function blocker(tier: TierId, { events, state, plan }: RunContext): TierId | null {
  if (plan.attached) return null
  // A reattached app was installed in another run; the upgrade finds out whether it comes up.
  const installed = (id: TierId) => id === 'install' && plan.canonical.kind === 'quick'
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

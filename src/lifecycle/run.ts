import { secretValuesOf } from '../config/secret-names.ts'
import { nativeDeployer } from '../deploy/native/native-deployer.ts'
import { takeLedger } from '../engine/ledger.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { CancelledError, DeadlineError, messageOf } from '../lib/errors.ts'
import { Masker } from '../lib/mask.ts'
import { openEventLog } from '../verdict/event-log.ts'
import type { EventBodies, Finding, RunEvent } from '../verdict/events.ts'
import type { TierId } from '../verdict/tiers.ts'
import { lookAtAttached } from './attached.ts'
import type { Host, RunContext, Tier } from './context.ts'
import { provideRecipe } from './custom/recipe-dep.ts'
import { environmentFacts, headerOf } from './header.ts'
import { judgeTier } from './judge.ts'
import { keepLogs, startLogKeeper } from './logs.ts'
import { closeMade } from './made.ts'
import { ownStack } from './own-stack.ts'
import type { RunPlan } from './plan.ts'
import { announceApp, type RunFolder, setStatus } from './run-folder.ts'
import { scanForSecrets } from './secret-scan.ts'
import { backupTier } from './tiers/backup.ts'
import { functionalTier } from './tiers/functional.ts'
import { installTier } from './tiers/install.ts'
import { integrationTier } from './tiers/integration.ts'
import { lintTier } from './tiers/lint.ts'
import { resilienceTier } from './tiers/resilience.ts'
import { restoreTier } from './tiers/restore.ts'
import { NOTHING_LEFT, teardown } from './tiers/teardown.ts'
import { upgradeTier } from './tiers/upgrade.ts'
import { unplant } from './witnessing.ts'

/** Every tier but the teardown, which always runs and last. A tier without an entry is skipped by the plan. */
const TIERS: Partial<Record<TierId, Tier>> = {
  lint: lintTier,
  install: installTier,
  upgrade: upgradeTier,
  backup: backupTier,
  restore: restoreTier,
  functional: functionalTier,
  integration: integrationTier,
  resilience: resilienceTier,
}

export interface RunRequest {
  /** Reserved for this run; the plan was made in it. */
  readonly folder: RunFolder
  readonly plan: RunPlan
  readonly host: Host
  /** Leaves the app up for a look; `cc-ci gc <id>` removes it. */
  readonly keep: boolean
  readonly deadlineMs: number
  /** Aborted when the person or the server wants the run to stop; its reason is a CancelledError. */
  readonly signal: AbortSignal
  readonly onEvent: (event: RunEvent) => void
  readonly clock?: Clock
}

export interface FinishedRun {
  readonly folder: RunFolder
  readonly events: () => readonly RunEvent[]
  readonly append: (artifact: EventBodies['artifact']) => void
}

/** One run from its folder to the proof that nothing is left. Throws only for what happens before the first event. */
export async function executeRun(request: RunRequest): Promise<FinishedRun> {
  const { plan, clock = systemClock } = request
  const { app } = plan
  const { folder } = request
  const { deps } = plan.settings.settings
  announceApp(folder, {
    ...{ recipe: app.recipe, commit: plan.head.commit, stack: ownStack(plan), domain: app.domain },
    ...(plan.attached ? {} : { deps: [...deps] }),
  })
  const context = await openContext(request, clock)
  const { events } = context
  events.subscribe(request.onEvent)
  events.append({ type: 'run.started', ...(await headerOf(plan)) })
  events.append({ type: 'environment', ...(await environmentFacts(context.host.engine)) })
  for (const finding of plan.findings) events.append({ type: 'finding', ...finding })
  for (const { what } of plan.custom.admitted.refused) events.append({ type: 'finding', ...refusedFinding(what) })
  if (plan.attached) await lookAtAttached(context)
  const keeper = startLogKeeper(context)
  await judgeAll(context)
  await keeper.close()
  if (request.keep) await leaveApp(context)
  else await teardown(context)
  events.append({ type: 'secrets.scanned', ...scanForSecrets(folder, context.masker) })
  events.append({ type: 'run.ended' })
  if (!request.keep) setStatus(folder, nothingIsLeft(events.all()) ? 'ended' : 'running')
  return { folder, events: () => events.all(), append: (artifact) => events.append({ type: 'artifact', ...artifact }) }
}

function refusedFinding(what: string): Finding {
  const message = `${what} was not run: code of a recipe repository needs the operator's approval (cc-ci approve)`
  return { code: 'code-refused', severity: 'warning', message }
}

async function judgeAll(context: RunContext): Promise<void> {
  const { events, plan, signal } = context
  try {
    for (const [id, skip] of plan.skips) if (!TIERS[id]) events.append({ type: 'tier.skipped', tier: id, ...skip })
    for (const tier of Object.values(TIERS)) {
      await judgeTier(tier, context)
      await keepLogs(context)
    }
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error
    events.append({ type: 'run.interrupted', signal: interruption(reason) })
    events.append({ type: 'note', text: messageOf(reason) })
  }
}

/** Leaves the app and takes away what is cc-ci's own in and around it. */
async function leaveApp(context: RunContext): Promise<void> {
  const { events, folder } = context
  await unplant(context).catch((error: unknown) => events.append({ type: 'note', text: messageOf(error) }))
  for (const { what, message } of await closeMade(context)) events.append({ type: 'note', text: `${what}: ${message}` })
  const reason = `kept by --keep: \`cc-ci gc ${context.plan.app.runId}\` removes it`
  events.append({ type: 'tier.skipped', tier: 'teardown', kind: 'declared', reason })
  setStatus(folder, 'kept')
}

/** A run that left something, or could not look, stays marked, so that the next run or `cc-ci gc` tries again. */
function nothingIsLeft(events: readonly RunEvent[]): boolean {
  return events.some((event) => event.type === 'check' && event.name === NOTHING_LEFT && event.outcome === 'pass')
}

function interruption(reason: unknown): EventBodies['run.interrupted']['signal'] {
  if (reason instanceof DeadlineError) return 'deadline'
  if (reason instanceof CancelledError) return reason.exitCode === 143 ? 'SIGTERM' : 'SIGINT'
  return 'cancel'
}

async function openContext(request: RunRequest, clock: Clock): Promise<RunContext> {
  const { plan, host, folder } = request
  const masker = new Masker()
  const { env, upgrade } = plan.settings.settings
  for (const value of secretValuesOf({ ...env, ...upgrade.env })) masker.add(value)
  const mask = (text: string) => masker.mask(text)
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(new DeadlineError('run-deadline', `the run did not end within ${request.deadlineMs} ms`))
  }, request.deadlineMs)
  timer.unref()
  const events = openEventLog(folder.events, { clock, mask })
  return {
    plan,
    host,
    folder,
    masker,
    events,
    clock,
    signal: AbortSignal.any([request.signal, late.signal]),
    made: { headServes: false, deps: new Map(), depFailures: new Map(), depReleases: new Map() },
    keep: request.keep,
    provideRecipe,
    before: await takeLedger(host.engine, { stack: ownStack(plan), runId: plan.app.runId }),
    deployer: nativeDeployer(host.engine, {
      vips: host.vips,
      mask,
      onSecret: (value) => masker.add(value),
    }),
  }
}

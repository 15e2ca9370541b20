import { join } from 'node:path'
import { secretValuesOf } from '../config/secret-names.ts'
import { type ChosenDeployer, NATIVE } from '../deploy/deployers.ts'
import { takeLedger } from '../engine/ledger.ts'
import { StackWatch } from '../engine/watch/stack-watch.ts'
import { type Clock, systemClock } from '../lib/async/clock.ts'
import { maskDebug } from '../lib/debug.ts'
import { CancelledError, DeadlineError, messageOf } from '../lib/errors.ts'
import { Masker } from '../lib/masking/mask.ts'
import { JUDGED_ONCE } from '../verdict/attempts.ts'
import { openEventLog } from '../verdict/event-log.ts'
import type { EventBodies, Finding, RunEvent } from '../verdict/events.ts'
import { finding } from '../verdict/findings.ts'
import { TIERS, type TierId, tiersWith } from '../verdict/tiers.ts'
import { HeldPorts } from './app/held-ports.ts'
import { unplant } from './app/witnessing.ts'
import { inspectAttached, ownStack } from './attached-app.ts'
import { type CardDesign, drawCard } from './card.ts'
import { type CanonicalRequest, freshState, type Host, type RunContext } from './context.ts'
import { attachRecipe, provideRecipe } from './custom/recipe-dep.ts'
import { attachDeps, keepDeps } from './custom/retained-deps.ts'
import { DiskGuard } from './disk/guard.ts'
import { type Attempt, folderOfSecond, runAttempts } from './judging/attempts.ts'
import { judgeTeardown, judgeTier } from './judging/judge.ts'
import { unwatchedFindings } from './judging/unwatched.ts'
import { keepLogs, startLogKeeper } from './logs.ts'
import type { RunPlan } from './plan.ts'
import { RunResources } from './resources.ts'
import { forgetBefore } from './rollback/before.ts'
import { announceApp, type RunFolder, setStatus } from './run-folder.ts'
import { headerOf, readEnvironment } from './run-header.ts'
import { scanForSecrets } from './secret-scan.ts'
import { canonicalOf } from './stored-data/canonical.ts'
import type { Checkpoints } from './stored-data/checkpoint.ts'
import { settleCanonical } from './stored-data/keep-canonical.ts'
import { settleCheckpoint } from './stored-data/keep-checkpoint.ts'
import type { StoredData } from './stored-data/stored-data.ts'

/** Every tier but those at the end of all, which always run. */
const JUDGED = tiersWith(({ app }) => app !== 'last')
/** What a fresh stack may change. */
const REPEATED = JUDGED.filter((id) => !JUDGED_ONCE.includes(id))

export interface RunParameters {
  /** Reserved for this run; the plan was made in it. */
  readonly folder: RunFolder
  readonly plan: RunPlan
  readonly host: Host
  /** What puts the app on the engine. Default: cc-ci itself. */
  readonly deployer?: ChosenDeployer
  /** Leaves the app up for a look; `cc-ci gc <id>` removes it. */
  readonly keep: boolean
  /** False: what ends for a reason that may be chance is not judged once more. Default true. */
  readonly repeat?: boolean
  /** Keeps the app's data as a canonical where the rules allow it. Default: nobody does. */
  readonly promotion?: Pick<CanonicalRequest, 'keeper' | 'by'>
  /** Keeps the app on its way, so that the run can be resumed where it fails. Default: nobody does. */
  readonly checkpoints?: Checkpoints
  /** Has the result pictured, as `artifacts/card.png`. Default: nobody wants it. */
  readonly card?: CardDesign
  readonly timeoutMs: number
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
export async function executeRun(request: RunParameters): Promise<FinishedRun> {
  const { plan, clock = systemClock, deployer = NATIVE } = request
  const { app } = plan
  const { folder } = request
  const { deps } = plan.settings.settings
  announceApp(folder, {
    ...{ recipe: app.recipe, commit: plan.head.commit, stack: ownStack(plan), domain: app.domain },
    ...(request.host.pin ? { node: request.host.pin.hostname } : {}),
    ...(plan.attached ? {} : { deps: [...deps] }),
  })
  const startedAt = clock.now()
  const context = await openContext(request, clock)
  const { events, signal } = context
  using _ports = context.ports
  events.subscribe(request.onEvent)
  events.append({ type: 'run.started', ...(await headerOf(plan)) })
  events.append({
    type: 'environment',
    ...(await readEnvironment(context.host, deployer)),
    runMemoryBytes: plan.memory.runBytes,
  })
  for (const finding of [...deployer.findings, ...plan.findings]) events.append({ type: 'finding', ...finding })
  for (const { what } of plan.custom.admitted.refused) events.append({ type: 'finding', ...refusedFinding(what) })
  if (plan.attached) {
    await inspectAttached(context)
    await attachDeps(context, plan.attached, attachRecipe)
  }
  const first = attemptIn(context, JUDGED)
  await runAttempts({
    events,
    signal,
    first,
    second: async () => attemptIn(await secondContext(request, context), REPEATED),
    elapsedMs: () => clock.now() - startedAt,
    timeoutMs: request.timeoutMs,
    stopped: () => events.append({ type: 'run.interrupted', signal: interruption(signal.reason) }),
    never: noRepeatReason(request),
    leave: request.keep ? () => leaveApp(first.context()) : null,
  })
  events.append({ type: 'secrets.scanned', ...scanForSecrets(folder, context.masker) })
  await settleCanonical(context)
  await settleCheckpoint(context)
  events.append({ type: 'run.ended' })
  const isRemoved = request.card && !plan.attached ? await drawCard(context, request.card) : true
  if (!request.keep) setStatus(folder, isRemoved && nothingIsLeft(events.all()) ? 'ended' : 'running')
  return { folder, events: () => events.all(), append: (artifact) => events.append({ type: 'artifact', ...artifact }) }
}

/** `context`: with what its tiers have learnt so far. */
function attemptIn(start: RunContext, tiers: readonly TierId[]): Attempt & { readonly context: () => RunContext } {
  let context = start
  const wanted = tiers.filter((id) => !TIERS[id].byRequest || start.plan.selected.includes(id))
  return {
    context: () => context,
    async judge() {
      const keeper = startLogKeeper(context)
      start.disk.start(() => keepLogs(context))
      await judgeAll(start, wanted, (next) => {
        context = next
      })
      await context.disk.close()
      await keeper.close()
      context.watch.close()
      for (const finding of await unwatchedFindings(context)) context.events.append({ type: 'finding', ...finding })
    },
    takeDown: () => judgeTeardown(context),
  }
}

function noRepeatReason({ keep, plan, repeat = true }: RunParameters): string | null {
  if (plan.attached) return 'the app is that of another run'
  if (keep) return '--keep leaves the app that was judged'
  return repeat ? null : '--no-repeat'
}

function refusedFinding(what: string): Finding {
  const message = `${what} was not run: code of a recipe repository needs the operator's approval (cc-ci approve)`
  return finding('code-refused', message)
}

async function judgeAll(
  start: RunContext,
  tiers: readonly TierId[],
  onNext: (context: RunContext) => void,
): Promise<void> {
  const { events, signal } = start
  let context = start
  try {
    for (const tier of tiers) {
      context = await judgeTier(tier, context)
      onNext(context)
      // The next tier finds out for itself whether the engine is gone: that is no reason to call the run interrupted.
      await keepLogs(context).catch((error: unknown) => events.append(logsIncomplete(error)))
    }
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error
    events.append({ type: 'run.interrupted', signal: interruption(reason) })
    events.append({ type: 'note', text: messageOf(reason) })
    // What would not have been judged anyway is no loss of the interruption.
    for (const tier of tiers) {
      const skip = context.plan.skips.get(tier)
      const isReported = events.all().some((event) => event.type === 'tier.skipped' && event.tier === tier)
      if (skip && !isReported) events.append({ type: 'tier.skipped', tier, ...skip })
    }
  }
}

function logsIncomplete(error: unknown) {
  return { type: 'finding', ...finding('logs-incomplete', messageOf(error)) } as const
}

/** Leaves the app and takes away what is cc-ci's own in and around it. */
async function leaveApp(context: RunContext): Promise<void> {
  const { events, folder } = context
  for (const forget of [unplant, forgetBefore])
    await forget(context).catch((error: unknown) => events.append({ type: 'note', text: messageOf(error) }))
  for (const { what, message } of await context.resources.dispose(context))
    events.append({ type: 'note', text: `${what}: ${message}` })
  const reason = `kept by --keep: \`cc-ci gc ${context.plan.app.runId}\` removes it`
  keepDeps(context)
  events.append({ type: 'tier.skipped', tier: 'teardown', kind: 'declared', reason })
  setStatus(folder, 'kept')
}

/** A run that left something, or could not look, stays marked, so that the next run or `cc-ci gc` tries again. */
function nothingIsLeft(events: readonly RunEvent[]): boolean {
  return events.some((event) => event.type === 'check' && event.id === 'nothing-left' && event.outcome === 'pass')
}

function interruption(reason: unknown): EventBodies['run.interrupted']['signal'] {
  if (reason instanceof DeadlineError) return 'deadline'
  if (reason instanceof CancelledError) return reason.exitCode === 143 ? 'SIGTERM' : 'SIGINT'
  return 'cancel'
}

async function openContext(request: RunParameters, clock: Clock): Promise<RunContext> {
  const { plan, folder } = request
  const masker = new Masker()
  maskDebug(masker)
  const { env, upgrade } = plan.settings.settings
  for (const value of secretValuesOf({ ...env, ...upgrade.env })) masker.add(value)
  for (const value of secretsOf(canonicalOf(plan.canonical))) masker.add(value)
  for (const value of secretsOf(plan.resumed?.checkpoint.data ?? null)) masker.add(value)
  const mask = (text: string) => masker.mask(text)
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(new DeadlineError('run-deadline', `the run did not end within ${request.timeoutMs} ms`))
  }, request.timeoutMs)
  timer.unref()
  const events = openEventLog(folder.events, { clock, mask })
  const signal = AbortSignal.any([request.signal, late.signal])
  const keeping = request.promotion ? { ...request.promotion, draft: null } : null
  const fresh = await freshIn(request, { masker })
  const checkpoints = request.checkpoints ?? null
  const ports = new HeldPorts()
  return { folder, masker, events, clock, signal, runSignal: signal, keeping, checkpoints, ports, ...fresh }
}

function secretsOf(stored: StoredData | null): string[] {
  if (!stored) return []
  const { env, values } = stored.secrets
  return [...values.values(), ...secretValuesOf(Object.fromEntries(env))]
}

/** The same run with nothing of the first attempt: not its plan, which dependencies and functions may have refined, and nothing it made. */
async function secondContext(request: RunParameters, context: RunContext): Promise<RunContext> {
  // What the first attempt left is not what the second one fails after.
  await context.checkpoints?.keeper.discard(request.plan.app.runId)
  const fresh = await freshIn(request, { masker: context.masker, unforgiven: context.watch.ended() })
  return { ...context, ...fresh, folder: folderOfSecond(request.folder) }
}

/** Where the limits of all containers may come to more than the run has, their sum is watched. */
function mostOf({ memory }: RunPlan): { readonly mostBytes?: number } {
  return memory.runBytes < memory.machineBytes ? { mostBytes: memory.runBytes } : {}
}

/** What belongs to one attempt alone. */
async function freshIn(
  { plan, host, keep, clock, folder, deployer = NATIVE }: RunParameters,
  { masker, unforgiven }: { readonly masker: Masker; readonly unforgiven?: ReadonlySet<string> },
) {
  const mask = (text: string) => masker.mask(text)
  const secretValues = new Map<string, string>()
  return {
    secretValues,
    watch: new StackWatch(host.engine, { stack: plan.app.stack, mask, clock, unforgiven, ...mostOf(plan) }),
    disk: new DiskGuard(host.engine, {
      run: { ...plan.app, image: host.toolboxImage },
      ...{ most: plan.settings.settings.resources.disk, clock: clock ?? systemClock, foreign: plan.attached !== null },
    }),
    ...{ plan, host, keep, provideRecipe },
    state: freshState(),
    resources: new RunResources(),
    before: await takeLedger(host.engine, { stack: ownStack(plan), runId: plan.app.runId }),
    deployer: deployer.open(host.engine, {
      ...{ vips: host.vips, images: host.images, pin: host.pin, folder: join(folder.tmp, 'deployer') },
      mask,
      onSecret(value, name) {
        masker.add(value)
        secretValues.set(name, value)
      },
    }),
  }
}

import { type Clock, systemClock } from '../../lib/async/clock.ts'
import { type OnWaiting, type WaitOptions, type WaitResult, waitFor } from '../../lib/async/wait.ts'
import { InfraError } from '../../lib/errors.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import type { Engine } from '../client.ts'
import type { ServiceState } from '../types.ts'
import { START_QUIET_MS } from './activity.ts'
import { decideConvergence } from './decide.ts'
import { decisiveLines } from './decisive-lines.ts'
import { retryWhileUnavailable } from './engine-unavailable.ts'
import { showsProgress } from './progress.ts'
import type { ConvergedStack, Diagnosis, Expected, StackSnapshot } from './snapshot.ts'
import { StackObserver } from './stack-observer.ts'
import { finalStartRefusal } from './start-refusal.ts'

/** Progress carries a wait beyond its deadline, to this many times as long at most. */
const LONGEST = 3
/** Beyond the deadline: how often it is asked whether there is progress still. */
const STRETCH_MS = 2_000
/** An engine that has let no look end for so long is silent: one takes a second, and several on a machine that has much else to do. */
const SILENT_MS = 30_000

export interface ConvergeOptions {
  readonly stack: string
  /** The services that were deployed; at least these must be there. */
  readonly expected: readonly { readonly service: string }[]
  /** The services as they were before this deployment. Default: none, all are new. */
  readonly before?: readonly ServiceState[]
  /** How long a stack may take that shows no progress; three times that is the end in any case. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly onWaiting?: OnWaiting
  /** Masks secrets in the decisive lines. Default: as they are. */
  readonly mask?: (text: string) => string
}

/** A passed deadline is the cause `not-converged`, or `deadline` when there still was progress at three times the deadline. */
export type ConvergeResult = Exclude<WaitResult<ConvergedStack, Cause>, { state: 'deadline' }>

/**
 * Waits until a stack has converged, or until it is known that it will not. It looks when the engine says that something happened, and
 * every 500 ms, and outlasts a restart of the engine. Throws InfraError `engine-lost` when the engine stays away.
 */
export async function converge(engine: Engine, options: ConvergeOptions): Promise<ConvergeResult> {
  const { stack, clock = systemClock } = options
  const observer = new StackObserver(engine, stack, expectedFrom(options), clock)
  using watch = engine.events(stack)
  return convergeOn({ engine, observer, look: () => observer.poll(), wake: watch.wake }, { ...options, clock })
}

/** What a wait for convergence looks with. */
export interface ConvergenceWait {
  readonly engine: Engine
  readonly observer: Pick<StackObserver, 'last' | 'unready'>
  look(): Promise<StackSnapshot>
  readonly wake: WaitOptions['wake']
}

/** The same by way of somebody who looks already, and whose observer expects what `expectedFrom` says. */
export async function convergeOn(
  { engine, observer, look, wake }: ConvergenceWait,
  options: ConvergeOptions,
): Promise<ConvergeResult> {
  const { clock = systemClock, mask = (text: string) => text } = options
  const outlasting = retryWhileUnavailable(clock, async () => decideConvergence(await look()))
  const waited = await waitWhileItMoves(outlasting, observer, { ...options, clock, wake })
  if (waited.state === 'ready') return waited
  const { waitedMs } = waited
  const failed = async (found: Diagnosis): Promise<ConvergeResult> => {
    return { state: 'impossible', cause: await diagnosisCause(engine, observer.last, found, mask), waitedMs }
  }
  if (waited.state === 'impossible') return failed(waited.cause)
  throwIfSilent(observer.last, { ...options, clock })
  const refused = finalStartRefusal(observer.last)
  if (refused) return failed(refused)
  const lines = await decisiveLines(engine, observer.last, observer.unready(), [])
  const details = { service: observer.unready(), lines: lines.map(mask) }
  const lastSeen = mask(waited.lastSeen)
  return {
    state: 'impossible',
    cause: late(moves(observer, options.timeoutMs), { lastSeen, waitedMs }, details),
    waitedMs,
  }
}

/** An engine that hangs is no fault of what it was to run. */
function throwIfSilent(
  { at }: StackSnapshot,
  { stack, clock }: { readonly stack: string; readonly clock: Clock },
): void {
  const silentMs = clock.now() - at
  if (at > 0 && silentMs < SILENT_MS) return
  const since = at > 0 ? ` for ${Math.round(silentMs / 1000)} s` : ''
  throw new InfraError('engine-lost', `the engine has told nothing of stack ${stack}${since}, though it was asked`, {
    hint: "Is it overloaded? Run 'cc-ci doctor'.",
  })
}

/** Each expected service, and what it was before. */
export function expectedFrom({
  expected,
  before = [],
}: Pick<ConvergeOptions, 'expected' | 'before'>): ReadonlyMap<string, Expected> {
  return new Map(expected.map(({ service }) => [service, expectedOf(service, before)]))
}

/** A diagnosis with the lines that show it. */
export async function diagnosisCause(
  engine: Engine,
  seen: StackSnapshot,
  { code, message, service, hint, blame, deterministic, tasks, behind = [] }: Diagnosis,
  mask: (text: string) => string,
): Promise<Cause> {
  const lines = await decisiveLines(engine, seen, service, tasks)
  for (const name of behind) {
    const more = await decisiveLines(engine, seen, name, [])
    lines.unshift(...more.map((line) => `${name}: ${line}`))
  }
  const again = deterministic ?? (mayPass({ code, blame, tasks }) ? false : undefined)
  return cause(code, mask(message), {
    service,
    lines: lines.map(mask),
    ...(hint ? { hint } : {}),
    ...(blame ? { blame } : {}),
    ...(again === undefined ? {} : { deterministic: again }),
  })
}

/** What knows better than its code: restarts that are used up before the third end are no repetition yet, and an engine's own trouble passes. */
function mayPass({ code, blame, tasks }: Pick<Diagnosis, 'code' | 'blame' | 'tasks'>): boolean {
  return code === 'crash-loop' ? tasks.length < 3 : code === 'task-rejected' && blame === 'infra'
}

type Looks = Parameters<typeof waitFor<ConvergedStack, Diagnosis>>[0]

async function waitWhileItMoves(
  look: Looks,
  observer: ConvergenceWait['observer'],
  options: ConvergeOptions & { readonly clock: Clock; readonly wake: WaitOptions['wake'] },
): Promise<WaitResult<ConvergedStack, Diagnosis>> {
  const { stack, timeoutMs, signal, clock, onWaiting, wake } = options
  const wait = (ms: number) =>
    waitFor(look, { wait: { id: 'converge', subject: stack }, timeoutMs: ms, signal, clock, onWaiting, wake })
  const begun = clock.now()
  let waited = await wait(timeoutMs)
  while (waited.state === 'deadline' && clock.now() - begun < LONGEST * timeoutMs && moves(observer, timeoutMs)) {
    waited = await wait(STRETCH_MS)
  }
  return { ...waited, waitedMs: clock.now() - begun }
}

/** Of a short deadline only its second half counts. */
function moves(observer: ConvergenceWait['observer'], timeoutMs: number): boolean {
  return showsProgress(observer.last, Math.min(START_QUIET_MS, timeoutMs / 2))
}

function late(
  moving: boolean,
  { lastSeen, waitedMs }: { readonly lastSeen: string; readonly waitedMs: number },
  details: { service: string | undefined; lines: readonly string[] },
): Cause {
  const seconds = Math.round(waitedMs / 1000)
  if (!moving) return cause('not-converged', `not converged within ${seconds} s: ${lastSeen}`, details)
  const hint = 'It was making progress: raise `timeouts.deploy`.'
  return cause('deadline', `still at work after ${seconds} s: ${lastSeen}`, { ...details, hint })
}

function expectedOf(name: string, before: readonly ServiceState[]): Expected {
  return { before: before.find(({ service }) => service === name) ?? null }
}

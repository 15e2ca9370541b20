import { type Clock, systemClock } from '../lib/async/clock.ts'
import { CcCiError } from '../lib/errors.ts'
import type { HookPhase } from '../recipe/stack/backup-labels.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import type { BackupPlan, Hook } from './plan.ts'
import { type SettledExecOptions, settledExec } from './settled-exec.ts'

export interface HookOptions extends SettledExecOptions {
  readonly plan: BackupPlan
  readonly phase: HookPhase
  readonly mask: (text: string) => string
  /** For each hook. Default 10 min. */
  readonly timeoutMs?: number
}

/** One hook that ran, in the shape of the evidence `hooks`. */
interface HookRow {
  readonly service: string
  readonly phase: HookPhase
  readonly exitCode: number
  readonly ms: number
}

export interface HookResults {
  readonly rows: readonly HookRow[]
  /** The first hook that did not succeed; the others ran all the same, as they do for operators. */
  readonly cause?: Cause
}

/** Lines of a hook's output that are kept. */
const LINES = 40

/**
 * How a label's value is run: as a command line of the container's own shell, by bash with `pipefail` where there is bash (a dump
 * that dies in a pipe must not look successful), by sh elsewhere. The value travels as an argument, never inside the script.
 */
const RUN_HOOK = 'if command -v bash >/dev/null 2>&1; then exec bash -o pipefail -c "$1"; else exec sh -c "$1"; fi'

/**
 * Runs the hooks of one phase, service by service in the order of the compose file. A code other than 0 is cause
 * `backup-hook-failed` or `restore-hook-failed` with the last lines of output. Throws where the engine itself fails.
 */
export async function runHooks(options: HookOptions): Promise<HookResults> {
  const rows: HookRow[] = []
  let failed: Cause | undefined
  for (const hook of options.plan.hooks.filter(({ phase }) => phase === options.phase)) {
    const { row, cause } = await runHook(hook, options)
    if (row) rows.push(row)
    failed ??= cause
  }
  return { rows, ...(failed ? { cause: failed } : {}) }
}

async function runHook(hook: Hook, options: HookOptions): Promise<{ row?: HookRow; cause?: Cause }> {
  const { timeoutMs = 600_000, clock = systemClock } = options
  const { service, phase, command } = hook
  const started = clock.now()
  try {
    const result = await settledExec(service, ['sh', '-c', RUN_HOOK, 'hook', command], { ...options, timeoutMs })
    const row = { service, phase, exitCode: result.exitCode, ms: elapsed(clock, started) }
    return result.exitCode === 0
      ? { row }
      : { row, cause: failure(hook, options, result.exitCode, result.stderr + result.stdout) }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!(error instanceof CcCiError) || !NO_ANSWER.includes(error.code)) throw error
    return { cause: noAnswer(hook, error) }
  }
}

const NO_ANSWER = ['no-container', 'exec-deadline', 'deadline']

function failure(hook: Hook, { mask }: HookOptions, exitCode: number, output: string): Cause {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const { service, phase, command } = hook
  return cause(codeOf(phase), mask(`${phase} of ${service} ended with ${exitCode}: ${command}`), {
    service,
    lines: lines.slice(-LINES).map((line) => mask(line.slice(0, 2000))),
  })
}

/** It is the recipe's service that was gone or did not end, but nobody saw the command fail. */
function noAnswer({ service, phase }: Hook, error: CcCiError): Cause {
  return cause(codeOf(phase), `${phase} of ${service} gave no result: ${error.message}`, { service, lines: [] })
}

function codeOf(phase: HookPhase): 'backup-hook-failed' | 'restore-hook-failed' {
  return phase.startsWith('backup.') ? 'backup-hook-failed' : 'restore-hook-failed'
}

function elapsed(clock: Clock, started: number): number {
  return Math.max(0, clock.now() - started)
}

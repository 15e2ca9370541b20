import { z } from 'zod'
import type { FunctionRef } from '../../config/customization.ts'
import { hookRows } from '../../config/rows/hooks.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import type { Operation } from '../../public/ctx.ts'
import { INSIDE, type ProgramResult, type RpcHandlers } from '../../sandbox/contract.ts'
import { cause } from '../../verdict/causes.ts'
import { finding } from '../../verdict/findings.ts'
import { type RunContext, TierStop } from '../context.ts'
import type { TierReporter } from '../reporter.ts'
import { appHandlers } from './handlers.ts'
import { customLog } from './log.ts'
import { sandboxOf } from './sandbox.ts'
import { sandboxTrouble } from './sandbox-trouble.ts'

const threwShape = z.object({
  name: z.string(),
  message: z.string(),
  stack: z.union([z.string(), z.array(z.string())]),
})
const OUTPUT_LINES = 12

export interface CallOptions {
  readonly op?: Operation | null
  readonly env?: Readonly<Record<string, string>>
}

/** What a function of the config gave back; `called` is false when there is none, or its time was over and that is not fatal. */
export type CallResult = { readonly called: true; readonly value: unknown } | { readonly called: false }

/** Runs one function of `cc-ci.config.ts` in the sandbox under its own deadline. Throws TierStop `hook-failed` for what goes wrong in it. */
export async function callFunction(
  context: RunContext,
  reporter: TierReporter,
  name: string,
  options: CallOptions = {},
): Promise<CallResult> {
  const ref = context.plan.custom.admitted.functions.get(name)
  if (!ref) return { called: false }
  const call = new Call(ref)
  const result = await reporter.operation({ kind: 'function', subject: name }, () =>
    maybeDisturbing(context, name, () => call.run(context, reporter, options)),
  )
  if (result.timedOut && ref.onTimeout === 'continue') {
    const message = `${name} did not end within ${formatDuration(ref.timeoutMs)}; its onTimeout says to continue`
    reporter.finding(finding('hook-late', message, { where: ref.where.file }))
    return { called: false }
  }
  const problem = call.problem(result)
  if (problem) {
    const lines = [...problem.lines, ...outputLines(result)].map((line) => context.masker.mask(line))
    const why = cause('hook-failed', context.masker.mask(`${name}: ${problem.message}`), { lines })
    throw new TierStop({ id: 'function', subject: name }, why)
  }
  reporter.check({ id: 'function', subject: name }, 'pass')
  return { called: true, value: call.returned?.value }
}

/** A hook prepares an operation and may restart what it likes; the other functions only look. */
function maybeDisturbing<T>({ watch }: RunContext, name: string, act: () => Promise<T>): Promise<T> {
  return Object.hasOwn(hookRows, name) ? watch.during({ kind: 'hook', services: 'all' }, act) : act()
}

class Call {
  readonly #ref: FunctionRef
  returned: { readonly value: unknown } | undefined
  #threw: z.infer<typeof threwShape> | undefined

  constructor(ref: FunctionRef) {
    this.#ref = ref
  }

  async run(context: RunContext, reporter: TierReporter, { op = null, env = {} }: CallOptions): Promise<ProgramResult> {
    const { name, side, file, timeoutMs } = this.#ref
    using log = customLog(context, `hook.${name}`)
    const sandbox = await sandboxOf(context)
    const argv = ['node', `${INSIDE.runtime}/src/inside/hook.ts`, `${INSIDE.code}/${side}/${file}`, name]
    const handlers = { ...appHandlers({ context, reporter, op, log: log.line }), ...this.#outcome() }
    try {
      return await sandbox.run(argv, {
        timeoutMs: timeoutMs,
        signal: context.signal,
        env,
        onLine: log.line,
        handlers,
      })
    } catch (error) {
      throw sandboxTrouble({ id: 'function', subject: name }, 'hook-failed', error)
    }
  }

  problem(result: ProgramResult): { readonly message: string; readonly lines: readonly string[] } | null {
    if (result.timedOut) return { message: `did not end within ${formatDuration(this.#ref.timeoutMs)}`, lines: [] }
    if (this.#threw) {
      const { message, stack } = this.#threw
      return { message, lines: typeof stack === 'string' ? stack.split('\n').filter(Boolean) : stack }
    }
    if (result.exitCode !== 0) return { message: `its process ended with ${result.exitCode}`, lines: [] }
    return this.returned ? null : { message: 'its process ended before the function returned', lines: [] }
  }

  #outcome(): RpcHandlers {
    return {
      return: async (params) => {
        this.returned ??= { value: z.object({ value: z.unknown() }).parse(params).value }
        return null
      },
      threw: async (params) => {
        this.#threw ??= threwShape.parse(params)
        return null
      },
    }
  }
}

function outputLines({ output }: ProgramResult): string[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines.slice(-OUTPUT_LINES).map((line) => `output: ${line}`)
}

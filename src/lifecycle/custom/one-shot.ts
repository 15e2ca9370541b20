import { z } from 'zod'
import { runOnce } from '../../engine/one-shot-service.ts'
import { RecipeError } from '../../lib/errors.ts'
import { finding } from '../../verdict/findings.ts'
import type { Caller } from './handlers.ts'

const shape = z.object({
  service: z.string().max(200),
  timeoutMs: z
    .number()
    .min(1)
    .max(2 * 3_600_000)
    .default(300_000),
  fatal: z.boolean().default(true),
})

/** `ctx.runOnce`: a completion after a timeout that is not fatal is left to the next convergence, which knows what it is. */
export async function callOnce({ context, reporter }: Caller, params: unknown): Promise<{ completed: boolean }> {
  const { service, timeoutMs, fatal } = shape.parse(params)
  const { host, plan, signal, masker, watch } = context
  const name = `${plan.app.stack}_${service}`
  const { stack } = plan.app
  const options = { service: name, stack, timeoutMs: timeoutMs, signal, onWaiting: reporter.onWaiting }
  const result = await watch.during({ kind: 'run-once', services: [service] }, () => runOnce(host.engine, options))
  if (result.state === 'ready') return { completed: true }
  if (result.state === 'impossible') {
    const { code, message, lines } = result.cause
    throw new RecipeError(code, [message, ...lines].map((line) => masker.mask(line)).join('\n'))
  }
  const late = `one-shot ${service} did not complete within ${timeoutMs / 1000} s (${result.lastSeen})`
  if (fatal) throw new RecipeError('one-shot-failed', late)
  reporter.finding(finding('one-shot-late', `${late}; the hook continues`))
  return { completed: false }
}

import { decisiveLines } from '../engine/convergence/decisive-lines.ts'
import { StackMemory } from '../engine/convergence/memory.ts'
import { cause } from '../verdict/causes.ts'
import { type RunContext, TierStop, type TierVoice } from './context.ts'
import { unmeantEnds } from './unmeant-ends.ts'

/**
 * Looks back at the end of a tier: a program that had converged must have stayed up. Without a health check one that ends every few
 * seconds serves whenever somebody asks.
 */
export async function stayedUp(context: RunContext, voice: TierVoice): Promise<void> {
  const { host, plan, events, masker, clock } = context
  const snapshot = await new StackMemory(host.engine, plan.app.stack, new Map(), clock).look()
  for (const { service, tasks, decisive, message } of unmeantEnds(
    snapshot,
    events.all(),
    plan.backup.hooks.length > 0,
  )) {
    if (!decisive) {
      voice.finding({ code: 'task-ended', severity: 'warning', message })
      continue
    }
    const lines = (await decisiveLines(host.engine, snapshot, service, tasks)).map((line) => masker.mask(line))
    // Too few ends to be a repetition of their own.
    const more = tasks.length < 3 ? { deterministic: false } : {}
    throw new TierStop('every service stayed up', cause('crash-loop', message, { service, lines, ...more }))
  }
  voice.check('every service stayed up', 'pass')
}

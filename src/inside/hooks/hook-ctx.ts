import type { Ctx } from '../../public/ctx.ts'
import { milliseconds } from '../duration.ts'
import { execIn } from '../rpc/exec.ts'
import { call } from '../rpc/rpc.ts'
import { runFacts } from '../rpc/run-facts.ts'

/** The frozen `ctx` of a hook, and `flush`, which ends when every line of its log has arrived. */
export async function hookCtx(signal: AbortSignal): Promise<{ readonly ctx: Ctx; flush(): Promise<void> }> {
  const { domain, baseUrl, recipe, config, deps, op } = await runFacts()
  const lines: Promise<unknown>[] = []
  const ctx: Ctx = Object.freeze({
    domain,
    baseUrl,
    recipe,
    config,
    deps,
    op,
    signal,
    exec: execIn,
    async runOnce(service, { timeout = '5m', fatal = true } = {}) {
      return (await call('runOnce', { service, timeoutMs: milliseconds(timeout), fatal })) as { completed: boolean }
    },
    log(text) {
      lines.push(call('log', { text: String(text) }))
    },
  } satisfies Ctx)
  return {
    ctx,
    async flush() {
      await Promise.all(lines)
    },
  }
}

import { providerOf } from '../../deps/index.ts'
import type { ProvidedDependency, ProviderHost } from '../../deps/provider.ts'
import { CancelledError, CcCiError, messageOf } from '../../lib/errors.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import { finding } from '../../verdict/findings.ts'
import type { RunContext } from '../context.ts'
import type { TierReporter } from '../reporter.ts'

/**
 * Brings up what the settings name under `deps`, before the app is deployed. One that fails is remembered with its cause and leaves the
 * other tiers judged. Each is registered for release before it exists.
 */
export async function bringUpDeps(context: RunContext, reporter: TierReporter): Promise<void> {
  const { found, admitted } = context.plan.custom
  const user = admitted.functions.size + admitted.specs.length > 0 || admitted.installSteps !== null
  // Without code that may run nothing could use them: what was refused costs nothing either.
  if (!user) return
  for (const name of found.settings.deps) {
    context.signal.throwIfAborted()
    try {
      const provided = await reporter.operation({ kind: 'dependency', subject: name }, () =>
        bringUp(context, reporter, name),
      )
      for (const secret of provided.secrets) context.masker.add(secret)
      context.resources.deps.provided.set(name, provided)
    } catch (error) {
      if (context.signal.aborted || error instanceof CancelledError) throw error
      const why = dependencyFailure(context, name, error)
      context.resources.deps.failures.set(name, why)
      reporter.finding(finding('dep-failed', why.message))
    }
  }
}

async function bringUp(context: RunContext, reporter: TierReporter, name: string): Promise<ProvidedDependency> {
  const provider = await providerOf(name)
  if (!provider) return context.provideRecipe(context, reporter, name)
  const host = providerHost(context)
  await provider.ensure(host)
  await provider.sweep(host)
  const { runId, domain, stack } = context.plan.app
  const run = { runId, domain, stack, keep: context.keep }
  context.resources.deps.releases.set(name, () => provider.release(host, run))
  return provider.provide(host, run)
}

export function providerHost({ host, runSignal, events }: RunContext): ProviderHost {
  return {
    engine: host.engine.home,
    edge: host.edge,
    vips: host.vips,
    signal: runSignal,
    log: (text) => events.append({ type: 'note', text }),
  }
}

/** The cause that a dependency which fails amounts to; one of a kept run comes back only with that run. */
export function dependencyFailure({ plan }: RunContext, name: string, error: unknown): Cause {
  if (plan.attached) {
    const hint = `Start app and dependencies again: \`cc-ci gc ${plan.attached.runId}\`, then \`cc-ci test --keep\`.`
    return cause('dep-failed', `${name} is not there (any more): ${messageOf(error)}`, { hint })
  }
  const hint = error instanceof CcCiError ? error.hint : undefined
  return cause('dep-failed', `${name} did not come up: ${messageOf(error)}`, hint ? { hint } : {})
}

/** Asks each dependency once more, right before tests rely on it; one that fails now counts as failed. */
export async function healthOfDeps(context: RunContext): Promise<readonly string[]> {
  const { provided: deps, failures } = context.resources.deps
  const healthy: string[] = []
  for (const [name, provided] of deps) {
    try {
      await provided.health()
      healthy.push(name)
    } catch (error) {
      context.signal.throwIfAborted()
      failures.set(name, dependencyFailure(context, name, error))
    }
  }
  return healthy
}

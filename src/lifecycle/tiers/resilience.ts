import { InternalError } from '../../lib/errors.ts'
import type { Evidence } from '../../verdict/evidence.ts'
import { finding } from '../../verdict/findings.ts'
import { assertStable } from '../app/app-stability.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { compareAfter, flushBeforeKill, plant } from '../app/witnessing.ts'
import { type RunContext, type TierRunner, TierStop } from '../context.ts'
import type { TierReporter } from '../reporter.ts'
import { killAndWait } from '../resilience/kill.ts'
import { deployAgain } from '../resilience/redeploy.ts'
import { restartEngineUnderApp } from '../resilience/restart.ts'
import { killTargets } from '../resilience/targets.ts'

/**
 * Kills each service's container once, one after the other, deploys the same commit again, restarts the engine where the operator allows it, and
 * looks whether all data is still there.
 */
export const resilienceTier: TierRunner = {
  async run(context, reporter, carryOn) {
    const { plan, state, watch } = context
    const deployed = state.current
    if (!deployed) throw new InternalError('kill-without-app', 'the resilience tier ran without a deployed app')
    const release = plan.upgrade ?? plan.head
    await upBefore(context, reporter)
    const snapshot = await watch.look()
    const { targets, spared } = killTargets(snapshot, release.stack.model)
    if (targets.length === 0) {
      const reason = `no service can be killed: ${spared.map(({ service, why }) => `${service}: ${why}`).join('; ')}`
      return reporter.skip(reason)
    }
    for (const { service, why } of spared) {
      reporter.finding(finding('not-killed', `${service} was not killed: ${why}`))
    }
    await plant(context, reporter)
    await flushBeforeKill(context)
    const recovered: Extract<Evidence, { kind: 'recovery' }>['services'] = []
    try {
      for (const target of targets) recovered.push(await killAndWait(context, reporter, { target, deployed }))
    } finally {
      if (recovered.length > 0) reporter.evidence({ kind: 'recovery', services: recovered })
    }
    await deployAgain(context, reporter, { release, deployed })
    const after = carryOn({ host: await restartEngineUnderApp(context, reporter, deployed) })
    await compareAfter(after, reporter, 'resilience')
    await assertStable(after, reporter)
  },
}

/** What is not up by now an earlier tier has to answer for: nothing was killed yet. */
async function upBefore(context: RunContext, reporter: TierReporter): Promise<void> {
  const { state, plan } = context
  if (!state.current) return
  const quiet = reporter.quiet()
  try {
    await awaitConvergence(context, quiet, state.current, state.current)
    await awaitServing(context, quiet, plan.upgrade ?? plan.head)
    await assertStable(context, quiet)
  } catch (error) {
    if (!(error instanceof TierStop)) throw error
    const message = `before anything was killed: ${error.why.message}`
    throw new TierStop('up-before', { ...error.why, message }, 'unverified')
  }
}

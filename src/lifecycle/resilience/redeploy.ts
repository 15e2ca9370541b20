import type { Deployment, Release } from '../../deploy/deployer.ts'
import { deployRelease } from '../app/deploy-release.ts'
import { awaitConvergence } from '../app/serving.ts'
import { type RunContext, TierStop } from '../context.ts'
import type { TierReporter } from '../reporter.ts'
import { restartCause } from './restart-cause.ts'
import { restartsOf, type StackState } from './restarts.ts'

/** Deploys what runs once more, as operators do now and then, and looks that every task stays. Throws TierStop: see `restartCause`. */
export async function deployAgain(
  context: RunContext,
  reporter: TierReporter,
  { release, deployed }: { readonly release: Release; readonly deployed: Deployment },
): Promise<void> {
  const before = await stackState(context)
  const again = await reporter.operation({ kind: 'redeploy', subject: release.commit.slice(0, 8) }, () =>
    deployRelease(context, release),
  )
  const later = reporter.after({ kind: 'redeploy' })
  await awaitConvergence(context, later, again, { ...deployed, services: before.services })
  const { restarts, steady } = restartsOf(deployed.services, before, await stackState(context))
  if (restarts.length > 0) {
    const { why, outcome } = restartCause(restarts)
    throw new TierStop('redeploy-idle', why, outcome)
  }
  reporter.evidence({ kind: 'no-op-redeploy', services: steady, restarted: [] })
  reporter.check('redeploy-idle', 'pass')
}

async function stackState({ host, plan }: RunContext): Promise<StackState> {
  const { stack } = plan.app
  const [services, tasks] = await Promise.all([host.engine.services(stack), host.engine.tasks(stack)])
  return { services, tasks }
}

import type { Deployed, Release } from '../../deploy/deployer.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import { type RunContext, TierStop, type TierVoice } from '../context.ts'
import { deployRelease } from '../deployment.ts'
import { converged } from '../serving.ts'
import { type Moment, type Restart, restartsOf } from './restarts.ts'

const CHECK = 'deploying the same commit again restarts nothing'

/** Deploys what runs once more, as operators do now and then, and looks that every task stays. Throws TierStop `no-op-restarts`. */
export async function deployAgain(
  context: RunContext,
  voice: TierVoice,
  { release, deployed }: { readonly release: Release; readonly deployed: Deployed },
): Promise<void> {
  const before = await moment(context)
  const again = await voice.operation(`deploy ${release.commit.slice(0, 8)} again`, () =>
    deployRelease(context, release),
  )
  const later = {
    ...voice,
    check: (name: string) => voice.check(`${name} after the same commit was deployed again`, 'pass'),
  }
  await converged(context, later, again, { ...deployed, services: before.services })
  const { restarts, steady } = restartsOf(deployed.services, before, await moment(context))
  if (restarts.length > 0) throw new TierStop(CHECK, restartCause(restarts))
  voice.evidence({ kind: 'no-op-redeploy', services: steady, restarted: [] })
  voice.check(CHECK, 'pass')
}

async function moment({ host, plan }: RunContext): Promise<Moment> {
  const { stack } = plan.app
  const [services, tasks] = await Promise.all([host.engine.services(stack), host.engine.tasks(stack)])
  return { services, tasks }
}

/**
 * The same files and the same environment give the same services, or our deployer is at fault. Only where something had changed a service
 * since its deployment it is the app's own doing, which every redeploy undoes.
 */
function restartCause(restarts: readonly Restart[]): Cause {
  const [first] = restarts
  const foreign = restarts.every(({ changedBefore }) => changedBefore.length > 0)
  const message = `deploying the same commit again restarted ${restarts.map(described).join('; ')}`
  return cause('no-op-restarts', message, {
    ...(foreign ? { blame: 'recipe', hint: FOREIGN_HINT } : {}),
    ...(first ? { service: first.service } : {}),
  })
}

const FOREIGN_HINT =
  'Something in the app changes its own service (an updater with the engine socket?): a redeploy undoes that.'

function described({ service, differs, changedBefore }: Restart): string {
  const what = differs.length > 0 ? `differs in ${differs.join(', ')}` : 'differs in nothing that the engine shows'
  return changedBefore.length > 0
    ? `${service} (${what}; ${changedBefore.join(', ')} was changed by something else since it was deployed)`
    : `${service} (${what})`
}

import type { Deployment } from '../../deploy/deployer.ts'
import { specDifferences } from '../../engine/spec-hash.ts'
import { InternalError } from '../../lib/errors.ts'
import { cause } from '../../verdict/causes.ts'
import type { Evidence } from '../../verdict/evidence.ts'
import type { ChainStep } from '../base/base-choice.ts'
import { type RunContext, TierStop } from '../context.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { awaitReady } from '../custom/ready.ts'
import type { TierReporter } from '../reporter.ts'
import { deployRelease } from './deploy-release.ts'
import { awaitConvergence, awaitServing } from './serving.ts'
import { compareOnTheWay } from './witnessing.ts'

/**
 * Takes the running base to the release right before head, one release after the other, as operators went who upgraded each time. The data of the base
 * is looked at after each; its witnesses stay planted until head has been judged by them. What fails here is not the fault of head: see `not-of-head.ts`.
 */
export async function takeSteps(context: RunContext, reporter: TierReporter): Promise<void> {
  const { base } = context.plan
  if (base.kind !== 'base' || base.via.length === 0) return
  const taken: Extract<Evidence, { kind: 'steps' }>['steps'] = []
  let from = base.ref.version
  for (const step of base.via) {
    context.state.stepping = `from ${from} to ${step.ref.version}`
    taken.push(await take(context, reporter, step))
    reporter.check({ id: 'step-taken', subject: step.ref.version }, 'pass')
    from = step.ref.version
  }
  context.state.stepping = undefined
  reporter.evidence({ kind: 'steps', steps: taken })
}

async function take(context: RunContext, reporter: TierReporter, { ref, release }: ChainStep) {
  const { state, clock } = context
  const before = state.current
  if (!before) throw new InternalError('step-without-base', 'the upgrade tier ran without a deployed base')
  const quiet = reporter.quiet()
  const began = clock.now()
  const deployed = await reporter.operation({ kind: 'step', subject: ref.version }, () =>
    deployRelease(context, release),
  )
  await awaitConvergence(context, quiet, deployed, before)
  state.step = release
  const changed = await changedBy(context, before, ref.version)
  await awaitReady(context, quiet, operationOf('upgrade', null, appState(deployed, release)))
  await awaitServing(context, quiet, release)
  const ms = clock.now() - began
  return { ...ref, changed, witnesses: await compareOnTheWay(context), ms }
}

/** As the engine has it after convergence: where it rolled back, nothing has changed. */
async function changedBy({ host, plan }: RunContext, before: Deployment, version: string): Promise<string[]> {
  const now = await host.engine.services(plan.app.stack)
  const changed = now.flatMap((service) => {
    const old = before.services.find((one) => one.service === service.service)
    return old && specDifferences(old.taskTemplate, service.taskTemplate).length === 0 ? [] : [service.service]
  })
  if (changed.length > 0) return changed
  const why = cause('no-version-delta', `after the upgrade to ${version} every service runs what it ran before`)
  throw new TierStop('delta-runs', why, 'unverified')
}

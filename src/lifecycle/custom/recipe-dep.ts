import { join } from 'node:path'
import type { DependencyOutputs, ProvidedDependency } from '../../deps/provider.ts'
import { StackWatch } from '../../engine/watch/stack-watch.ts'
import { InfraError } from '../../lib/errors.ts'
import type { EventLog } from '../../verdict/event-log.ts'
import { deployRelease } from '../app/deploy-release.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { freshState, type RunContext } from '../context.ts'
import { underWatch } from '../judging/under-watch.ts'
import { keepLogs } from '../logs.ts'
import { type AttachedRun, planRun, type RunPlan } from '../plan.ts'
import { refuseByPolicy } from '../refuse-by-policy.ts'
import { type TierReporter, tierReporter } from '../reporter.ts'
import { RunResources } from '../resources.ts'
import { callFunction } from './function.ts'
import { appState, operationOf } from './operation.ts'
import { prepareApp } from './prepare.ts'
import { awaitReady } from './ready.ts'

/**
 * A dependency that is a recipe: its newest release (its head without one) as a second app of this run, by the same steps and with its own
 * settings as if it were tested itself: dependencies, install-steps.sh, env, timeouts, health, `ready`. Its stack is named below
 * the app's, so that the ledger of the run has it.
 */
export async function provideRecipe(
  context: RunContext,
  reporter: TierReporter,
  name: string,
): Promise<ProvidedDependency> {
  const plan = await planOf(context, name)
  const mask = (text: string) => context.masker.mask(text)
  using watch = new StackWatch(context.host.engine, { stack: plan.app.stack, mask, clock: context.clock })
  const sub: RunContext = {
    ...context,
    plan,
    watch,
    events: quiet(context.events),
    state: freshState(),
    resources: new RunResources(),
  }
  const quietReporter = reporter.quiet()
  const release = async () => {
    await keepLogs(sub)
    const failures = await sub.resources.dispose(sub)
    await context.deployer.undeploy(plan.app, { timeoutMs: 60_000 })
    const [first] = failures
    if (first) throw new InfraError('removal-incomplete', `${first.what}: ${first.message}`)
  }
  context.resources.deps.releases.set(name, release)
  const up = await underWatch(
    sub,
    () => null,
    (watched) => install(watched, quietReporter),
  )
  const { domain, stack } = plan.app
  return {
    credentials: { domain, baseUrl: `https://${domain}`, version: plan.head.version ?? '' },
    secrets: [],
    reach: { stack, domain },
    authority: context.host.edge.ca,
    calls: {},
    health: async () => void (await awaitServing({ ...sub, plan: up.plan }, quietReporter, up.plan.head)),
    release,
  }
}

/** The same app, when a kept run has brought it up: it is looked at by its own settings, as they are now. */
export function attachRecipe(context: RunContext, name: string, outputs: DependencyOutputs): ProvidedDependency {
  const health = async () => {
    const { stack, domain } = outputs.reach ?? { stack: '', domain: '' }
    if ((await context.host.engine.services(stack)).length === 0) {
      throw new InfraError('dep-unhealthy', `nothing of its stack ${stack} runs`)
    }
    const sub = { ...context, plan: await planOf(context, name, { stack, domain }), events: quiet(context.events) }
    const reporter = tierReporter('integration', { events: sub.events, clock: context.clock }).quiet()
    await awaitServing(sub, reporter, sub.plan.head)
  }
  return { ...outputs, calls: {}, health, release: async () => {} }
}

/** Gives the context of the app that is up. */
async function install(start: RunContext, reporter: TierReporter): Promise<RunContext> {
  refuseByPolicy(start)
  const sub = { ...start, plan: await prepareApp(start, reporter) }
  refuseByPolicy(sub)
  const [missing] = sub.resources.deps.failures.values()
  if (missing) throw new InfraError('dep-failed', missing.message, { hint: missing.hint })
  await callFunction(sub, reporter, 'hooks.preInstall')
  const { head } = sub.plan
  const deployed = await deployRelease(sub, head)
  await awaitConvergence(sub, reporter, deployed, null)
  await awaitReady(sub, reporter, operationOf('install', null, appState(deployed, head)))
  await awaitServing(sub, reporter, head)
  return sub
}

/** `there`: where a kept run has it up. */
async function planOf(
  { plan, folder }: RunContext,
  name: string,
  there?: Pick<AttachedRun, 'stack' | 'domain'>,
): Promise<RunPlan> {
  const { operatorDir, approvals, allow } = plan.request
  const makeRequest = (ref?: string, custom?: RunPlan['custom']) => {
    const dir = join(folder.dir, 'deps', name, ref === undefined ? 'head' : 'released')
    return planRun({
      ...{ recipe: name, base: 'none', operatorDir, approvals, allow, memory: plan.memory, processes: plan.processes },
      ...(there && plan.attached ? { attach: { ...plan.attached, ...there } } : { only: ['install'] as const }),
      ...(ref === undefined ? {} : { ref }),
      ...(custom === undefined ? {} : { custom }),
      runId: plan.app.runId,
      below: plan.app.stack,
      folder: {
        checkout: join(dir, 'checkout'),
        checkoutBase: join(dir, 'base'),
        checkoutVia: join(dir, 'via'),
        tmp: join(folder.tmp, `dep-${name}`),
      },
    })
  }
  const head = await makeRequest()
  const newest = head.repo.versions.at(-1)
  // A release may be older than what its maintainers have since learnt about running it.
  return !newest || newest.commit === head.head.commit ? head : makeRequest(newest.tag, head.custom)
}

/** Its facts are not facts about the app under test: only what a person wants to watch goes into the stream. */
function quiet(events: EventLog): EventLog {
  return {
    append: (event) => {
      if (event.type === 'note' || event.type === 'finding' || event.type === 'wait.progress') events.append(event)
    },
    subscribe: (listener) => events.subscribe(listener),
    all: () => events.all(),
    close: () => {},
  }
}

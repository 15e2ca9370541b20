import type { Deployment } from '../../deploy/deployer.ts'
import { replacement } from '../../engine/convergence/replacement.ts'
import type { ObservedTask, StackSnapshot } from '../../engine/convergence/snapshot.ts'
import { isOneShot } from '../../engine/convergence/task-exit.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { InfraError } from '../../lib/errors.ts'
import { cause } from '../../verdict/causes.ts'
import type { Evidence } from '../../verdict/evidence.ts'
import { finding } from '../../verdict/findings.ts'
import { deployDeadline } from '../app/deploy-deadline.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { type RunContext, TierStop } from '../context.ts'
import { awaitReady } from '../custom/ready.ts'
import type { TierReporter } from '../reporter.ts'
import { attributeFailure } from './attribute-failure.ts'
import type { Target } from './targets.ts'
import { dataOutsideVolumes } from './writable-layer.ts'

type Recovery = Extract<Evidence, { kind: 'recovery' }>['services'][number]

/** Kills the container of one task and waits until the stack is whole again and serves. Throws TierStop that names the killed service. */
export async function killAndWait(
  context: RunContext,
  reporter: TierReporter,
  { target, deployed }: { readonly target: Target; readonly deployed: Deployment },
): Promise<Recovery> {
  const { host, plan, clock, watch } = context
  const { service, task } = target
  await refuseElsewhere(context, target)
  for (const finding of await dataOutsideVolumes(host.engine, service, task.containerId)) reporter.finding(finding)
  const later = reporter.after({ kind: 'kill', service })
  const start = clock.now()
  try {
    const successor = await reporter.operation({ kind: 'kill', service }, () =>
      watch.during({ kind: 'kill', services: [service] }, async () => {
        const successor = await replaced(context, reporter, target, deployed)
        await awaitConvergence(context, later, deployed, deployed)
        return successor
      }),
    )
    await awaitReady(context, later, null)
    await awaitServing(context, later, plan.upgrade ?? plan.head)
    const ms = clock.now() - start
    reportOtherRestarts(reporter, target, await watch.look())
    return { service, before: task.id, after: successor.id, ms }
  } catch (error) {
    if (!(error instanceof TierStop)) throw error
    const lines = [`killed: task ${task.id.slice(0, 12)} of ${service}`]
    throw await attributeFailure(context, { act: { kind: 'kill', service }, lines }, error)
  }
}

async function refuseElsewhere({ host }: RunContext, { service, task }: Target): Promise<void> {
  if ((await host.engine.container(task.containerId)) !== null) return
  const message = `the container of ${service} runs on another node, where this engine cannot kill it`
  throw new InfraError('engine-lost', message, {
    hint: 'Run cc-ci on a Swarm of one node, or set `resilience: false`.',
  })
}

async function replaced(
  { host, plan, signal, clock, watch }: RunContext,
  reporter: TierReporter,
  { service, task }: Target,
  deployed: Deployment,
): Promise<ObservedTask> {
  await host.engine.objects.killContainer(task.containerId)
  const waited = await waitFor(async () => replacement(await watch.look(), task), {
    wait: { id: 'task-replaced', service },
    timeoutMs: deployDeadline(plan, deployed.services),
    signal,
    clock,
    wake: watch.listener(),
    onWaiting: reporter.onWaiting,
  })
  if (waited.state === 'ready') return waited.value
  const why = waited.state === 'impossible' ? waited.cause : waited.lastSeen
  throw new TierStop('task-replaced', cause('not-recovered', `it does not come back: ${why}`, { service }))
}

/** What went down with the killed container and came back is worth knowing: users see it as an outage of everything. */
function reportOtherRestarts(reporter: TierReporter, { service, task }: Target, snapshot: StackSnapshot): void {
  const killed = snapshot.tasks.find(({ id }) => id === task.id)
  for (const other of snapshot.services) {
    const ended = snapshot.tasks.filter(
      (one) =>
        one.serviceId === other.id &&
        one.id !== task.id &&
        (one.state === 'failed' || (one.state === 'complete' && !isOneShot(other))) &&
        Date.parse(one.since) >= Date.parse(killed?.since ?? ''),
    )
    if (ended.length === 0) continue
    const codes = ended.map(({ exitCode }) => exitCode ?? '?').join(', ')
    const message = `${other.service} ended too when ${service} was killed (exit code ${codes}), and came back`
    reporter.finding(finding('ended-with-another', message))
  }
}

import { RedirectLoop, requestEdge } from '../../checks/edge-request.ts'
import { type Probe, type ProbeLook, probeName } from '../../checks/probes/probe.ts'
import { tcpLook } from '../../checks/probes/tcp.ts'
import { udpLook } from '../../checks/probes/udp.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'
import type { Operation } from '../../public/ctx.ts'
import { cause } from '../../verdict/causes.ts'
import { finding } from '../../verdict/findings.ts'
import { type RunContext, TierStop } from '../context.ts'
import type { TierReporter } from '../reporter.ts'
import { callFunction } from './function.ts'

const DEFAULT_TIMEOUT_MS = 120_000
const LOOK_MS = 20_000

/** Everything of the setting `ready` must come true, after each deployment and after a restore. */
export async function awaitReady(context: RunContext, reporter: TierReporter, op: Operation | null): Promise<void> {
  for (const probe of context.plan.settings.settings.ready) await awaitProbe(context, reporter, probe)
  await awaitFunction(context, reporter, op)
}

async function awaitProbe(context: RunContext, reporter: TierReporter, probe: Probe): Promise<void> {
  const name = probeName(probe)
  const timeoutMs = probe.timeout ?? DEFAULT_TIMEOUT_MS
  const result = await waitFor<true, never>(
    async (signal) => {
      const seen = await look(context, probe, signal)
      return seen === null ? { state: 'ready', value: true } : { state: 'waiting', reason: context.masker.mask(seen) }
    },
    {
      wait: { id: 'ready', subject: name },
      timeoutMs,
      everyMs: 1000,
      signal: context.signal,
      clock: context.clock,
      onWaiting: reporter.onWaiting,
    },
  )
  if (result.state === 'ready') return reporter.check({ id: 'ready', subject: name }, 'pass')
  const last = result.state === 'deadline' ? result.lastSeen : ''
  const message = `${name}: not within ${timeoutMs / 1000} s; last seen: ${last}`
  throw new TierStop({ id: 'ready', subject: name }, cause('not-ready', message, { service: serviceOf(probe) }))
}

function serviceOf(probe: Probe): string | undefined {
  if ('tcp' in probe) return probe.tcp.service
  if ('udp' in probe) return probe.udp.service
  if ('exec' in probe) return probe.exec.service
  return 'log' in probe ? probe.log.service : undefined
}

async function look(context: RunContext, probe: Probe, signal: AbortSignal): Promise<ProbeLook> {
  const { host, plan } = context
  const { stack, runId } = plan.app
  const query = { engine: host.engine, runId, stack, toolboxImage: host.toolboxImage, signal }
  if ('tcp' in probe) return tcpLook({ ...query, ...probe.tcp })
  if ('udp' in probe) return udpLook({ ...query, ...probe.udp })
  if ('http' in probe) return httpLook(context, probe.http, signal)
  if ('exec' in probe) return execLook(context, probe.exec)
  const found = await host.engine.service(`${stack}_${probe.log.service}`)
  if (!found) return `there is no service ${probe.log.service}`
  const running = (await host.engine.tasks(stack)).filter(
    (task) => task.serviceId === found.id && task.state === 'running',
  )
  for (const { containerId } of running) {
    if (
      containerId &&
      (await host.engine.containerLogs(containerId, { maxBytes: 8 * 1024 * 1024 })).includes(probe.log.contains)
    )
      return null
  }
  return running.length === 0 ? `${probe.log.service} does not run` : 'its log does not say so yet'
}

async function httpLook(
  { host, plan }: RunContext,
  { path, status = [200], contains }: { path: string; status?: readonly number[]; contains?: string },
  signal: AbortSignal,
): Promise<ProbeLook> {
  try {
    const answer = await requestEdge({ edge: host.edge, domain: plan.app.domain, path, follow: false, signal })
    if (answer instanceof RedirectLoop) return 'it redirects in a circle'
    if (!status.includes(answer.status)) return `status ${answer.status}`
    return contains === undefined || answer.body.includes(contains)
      ? null
      : `status ${answer.status}, without "${contains}"`
  } catch (error) {
    signal.throwIfAborted()
    return messageOf(error)
  }
}

async function execLook(
  { deployer, plan, signal }: RunContext,
  { service, argv }: { service: string; argv: readonly string[] },
): Promise<ProbeLook> {
  try {
    const { exitCode, stderr, stdout } = await deployer.exec(plan.app, service, argv, { timeoutMs: LOOK_MS, signal })
    return exitCode === 0 ? null : `ended with ${exitCode}: ${(stderr.trim() || stdout.trim()).split('\n').at(-1)}`
  } catch (error) {
    // A container that is just being replaced is no answer.
    if (error instanceof InfraError && error.code === 'no-container') return error.message
    throw error
  }
}

/** A function that says false is called again until its own time is over. */
async function awaitFunction(context: RunContext, reporter: TierReporter, op: Operation | null): Promise<void> {
  const ref = context.plan.custom.admitted.functions.get('ready')
  if (!ref) return
  const result = await waitFor<true, never>(
    async () => {
      const called = await callFunction(context, reporter, 'ready', { op })
      return called.called && called.value === false
        ? { state: 'waiting', reason: 'ready() says not yet' }
        : { state: 'ready', value: true }
    },
    {
      wait: 'ready-function',
      timeoutMs: ref.timeoutMs,
      everyMs: 2000,
      signal: context.signal,
      clock: context.clock,
      onWaiting: reporter.onWaiting,
    },
  )
  if (result.state === 'ready') return
  const message = `ready() still said no after ${ref.timeoutMs / 1000} s`
  if (ref.onTimeout === 'fail') throw new TierStop('ready-function', cause('not-ready', message))
  reporter.finding(finding('hook-late', `${message}; its onTimeout says to continue`))
}

import { type StoppedServices, stopServices } from '../../engine/stop-services.ts'
import type { ServiceState } from '../../engine/types.ts'
import type { RunContext } from '../context.ts'
import { keepLogs } from '../logs.ts'
import type { TierReporter } from '../reporter.ts'
import { deployDeadline } from './deploy-deadline.ts'

/** Starts the services again whatever becomes of `act`, as long as the run continues. */
export async function whileStopped<T>(
  context: RunContext,
  reporter: TierReporter,
  services: readonly ServiceState[],
  act: () => Promise<T>,
): Promise<T> {
  const { host, plan, signal, clock, watch, state } = context
  if (services.length === 0) return act()
  // Swarm takes the containers of stopped services away, and their logs with them.
  await keepLogs(context)
  const stopped: StoppedServices = await stopServices(host.engine, services, {
    stack: plan.app.stack,
    timeoutMs: deployDeadline(plan, state.current?.services ?? []),
    signal,
    clock,
    wake: watch.listener(),
    onWaiting: reporter.onWaiting,
  })
  let done: T
  try {
    done = await act()
  } catch (error) {
    // The error that tells is the first; the app comes up again for the tiers that follow, where it can.
    await stopped.start().catch(() => undefined)
    throw error
  }
  await stopped.start()
  return done
}

/** The services of the last deployment, as they are now. */
export async function servicesOf({ host, plan, state }: RunContext): Promise<ServiceState[]> {
  const deployed = new Set(state.current?.services.map(({ service }) => service))
  return (await host.engine.services(plan.app.stack)).filter(({ service }) => deployed.has(service))
}

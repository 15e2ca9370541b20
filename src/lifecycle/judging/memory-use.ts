import { TIERS, type TierId } from '../../verdict/tiers.ts'
import type { RunContext } from '../context.ts'

/**
 * Notes what the programs of each service hold in memory now, at the end of a tier that passed with an app up. A record for whoever compares or
 * schedules runs, which decides nothing: where it is unavailable, it is left out.
 */
export async function noteMemory(tier: TierId, { host, plan, events }: RunContext): Promise<void> {
  if (TIERS[tier].app === 'none' || TIERS[tier].app === 'last') return
  const { stack } = plan.app
  try {
    const containers = await host.engine.containers({ stack })
    const held = new Map<string, number>()
    for (const { id, state, labels } of containers) {
      const service = labels['com.docker.swarm.service.name']?.slice(stack.length + 1)
      const bytes = state === 'running' && service ? await host.engine.memoryBytes(id) : null
      if (service && bytes !== null) held.set(service, bytes + (held.get(service) ?? 0))
    }
    for (const [service, bytes] of held) events.append({ type: 'memory', tier, service, bytes })
  } catch {
    // The next tier finds out for itself whether the engine is gone.
  }
}

import type { Engine } from '../engine/client.ts'
import { waitFor } from '../lib/async/wait.ts'
import { InfraError, messageOf } from '../lib/errors.ts'
import type { SandboxNames } from './names.ts'

const DEADLINE_MS = 60_000

/** Removes container, gate and network of these names; what is not there is no error. Throws InfraError `removal-incomplete`. */
export async function removeSandbox(engine: Engine, { box, gate, reaper, network }: SandboxNames): Promise<void> {
  await Promise.all([box, gate, reaper].map((name) => engine.objects.removeContainer(name)))
  // A network is only let go when the Swarm has heard that its containers are gone.
  const result = await waitFor<true, never>(
    async () => {
      try {
        await engine.objects.remove('network', network)
      } catch (error) {
        if ((error as { code?: string }).code !== 'engine-refused') throw error
        return { state: 'waiting', reason: messageOf(error) }
      }
      return (await engine.objects.find('network', network))
        ? { state: 'waiting', reason: 'still there' }
        : { state: 'ready', value: true }
    },
    { name: `network ${network} to be gone`, timeoutMs: DEADLINE_MS, everyMs: 50 },
  )
  if (result.state === 'ready') return
  throw new InfraError('removal-incomplete', `still there: network ${network}`, { hint: "Run 'cc-ci gc'." })
}

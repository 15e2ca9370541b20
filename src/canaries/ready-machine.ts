import { existsSync } from 'node:fs'
import { Engine } from '../engine/client.ts'
import { ImageBuilder, lookImage } from '../images/builder.ts'
import { BUSYBOX, busybox } from '../images/busybox.ts'
import { InfraError } from '../lib/errors.ts'
import { withMachineLock } from '../lib/machine-lock.ts'
import { environmentFacts } from '../lifecycle/header.ts'
import { connectHost } from '../lifecycle/host.ts'
import type { EnvironmentFacts } from '../verdict/events.ts'

/**
 * Sees to it that canaries can run here: an engine, the edge, a browser (each missing one is InfraError with its remedy), and the one
 * image of their recipes, which is built where it is missing. Gives what the machine is.
 */
export async function readyMachine(state: string, log: (line: string) => void): Promise<EnvironmentFacts> {
  const engine = await Engine.connect()
  await connectHost(engine, state)
  if ((await lookImage(busybox())) !== 'current') {
    if (!existsSync(BUSYBOX))
      throw new InfraError('program-missing', `no ${BUSYBOX} to make the image of the canaries from`, {
        hint: 'On Debian or Ubuntu, as root: apt-get install busybox-static.',
      })
    await withMachineLock(log, () => new ImageBuilder(log).ensure(busybox()))
  }
  return environmentFacts(engine)
}

import { existsSync } from 'node:fs'
import { Engine } from '../engine/client.ts'
import { ImageBuilder, imageState } from '../images/builder.ts'
import { BUSYBOX, busybox } from '../images/busybox.ts'
import { library } from '../images/library.ts'
import { InfraError } from '../lib/errors.ts'
import { withMachineLock } from '../lib/process/machine-lock.ts'
import { connectHost } from '../lifecycle/host.ts'
import { readEnvironment } from '../lifecycle/run-header.ts'
import type { EnvironmentFacts } from '../verdict/events.ts'

/** The images of their recipes. */
const IMAGES = [busybox(), library(1), library(2)]

/**
 * Sees to it that canaries can run here: an engine, the edge, a browser (each missing one is InfraError with its remedy), and the images
 * of their recipes, which are built where they are missing. Gives what the machine is.
 */
export async function readyMachine(state: string, log: (line: string) => void): Promise<EnvironmentFacts> {
  const engine = await Engine.connect()
  const host = await connectHost({ engine, pin: null }, state)
  const looked = await Promise.all(IMAGES.map(imageState))
  if (looked.some((state) => state !== 'current')) {
    if (!existsSync(BUSYBOX))
      throw new InfraError('program-missing', `no ${BUSYBOX} to make the images of the canaries from`, {
        hint: 'On Debian or Ubuntu, as root: apt-get install busybox-static.',
      })
    const builder = new ImageBuilder(log)
    await withMachineLock(log, () => Promise.all(IMAGES.map((image) => builder.ensure(image))))
  }
  return readEnvironment(host)
}

import { edgeAddress } from '../edge/address.ts'
import type { Engine } from '../engine/client.ts'
import { InfraError } from '../lib/errors.ts'
import { browserExecutable } from '../machine/packages.ts'
import { toolboxImage, vipsCarry } from '../machine/vips.ts'
import type { Host } from './context.ts'

/** Collects what a run needs of its machine. Throws InfraError with the remedy for what is missing; makes nothing that stays. */
export async function connectHost(engine: Engine): Promise<Host> {
  const [edge, toolbox] = await Promise.all([edgeAddress(), toolboxImage(engine)])
  const browser = browserExecutable()
  if (!browser) {
    throw new InfraError('browser-missing', 'no Chromium is installed', {
      hint: "Run 'cc-ci engine up', or install the package chromium.",
    })
  }
  const { carry } = await vipsCarry(engine)
  return { engine, edge, vips: carry, toolboxImage: toolbox, browserExecutable: browser }
}

import { join } from 'node:path'
import { edgeAddress } from '../edge/address.ts'
import type { Engine } from '../engine/client.ts'
import { probeVips } from '../engine/vip.ts'
import { TOOLBOX_TAG } from '../images/toolbox.ts'
import { InfraError } from '../lib/errors.ts'
import { browserExecutable } from '../machine/packages.ts'
import type { Host } from './context.ts'

/** Collects what a run needs of its machine. Throws InfraError with the remedy for what is missing; makes nothing. */
export async function connectHost(engine: Engine, stateDir: string, runId: string): Promise<Host> {
  const [edge, toolbox] = await Promise.all([edgeAddress(), engine.image(TOOLBOX_TAG)])
  const browser = browserExecutable()
  if (!toolbox) {
    throw new InfraError('toolbox-missing', `the engine has no image ${TOOLBOX_TAG}, through which volumes are read and backed up`, {
      hint: "Run 'cc-ci engine up'.",
    })
  }
  if (!browser) {
    throw new InfraError('browser-missing', 'no Chromium is installed', { hint: "Run 'cc-ci engine up', or install the package chromium." })
  }
  const vips = await probeVips(engine, { toolboxImage: toolbox.id, runId, cacheFile: join(stateDir, 'machine', 'vips.json') })
  return { engine, edge, vips: vips.carry, toolboxImage: toolbox.id, browserExecutable: browser }
}

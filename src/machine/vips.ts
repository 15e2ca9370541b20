import { join } from 'node:path'
import { Engine } from '../engine/client.ts'
import { probeVips, type VipProbe } from '../engine/vip.ts'
import { TOOLBOX_TAG } from '../images/toolbox.ts'
import { InfraError } from '../lib/errors.ts'
import { randomId } from '../lib/ids.ts'
import { cacheDir } from './state-dir.ts'

/**
 * Whether service VIPs carry traffic on this engine: asked once with a real connection, then remembered until the engine or the
 * boot is another. Throws InfraError `toolbox-missing`.
 */
export async function probeVirtualIps(engine: Engine): Promise<VipProbe> {
  const toolbox = await toolboxImage(engine)
  return probeVips(engine, {
    toolboxImage: toolbox,
    runId: `probe-${randomId(6)}`,
    cacheFile: join(cacheDir(), 'vips.json'),
  })
}

/** Id of the toolbox image. Throws InfraError `toolbox-missing`. */
export async function toolboxImage(engine: Engine): Promise<string> {
  const toolbox = await engine.image(TOOLBOX_TAG)
  if (toolbox) return toolbox.id
  throw new InfraError(
    'toolbox-missing',
    `the engine has no image ${TOOLBOX_TAG}, through which volumes are read and backed up`,
    {
      hint: "Run 'cc-ci engine up'.",
    },
  )
}

/** Asks and says what it found, for the end of a set-up. */
export async function reportVips(log: (line: string) => void): Promise<void> {
  const { carry, evidence } = await probeVirtualIps(await Engine.connect())
  log(`Service VIPs ${carry ? 'carry traffic' : 'carry no traffic here, runs make do without'}: ${evidence}`)
}

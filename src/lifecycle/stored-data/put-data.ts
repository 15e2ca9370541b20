import { countFiles } from '../../backup/loss.ts'
import type { Toolbox } from '../../backup/toolbox.ts'
import { fillVolume, volumeContent } from '../../backup/volume-copy.ts'
import type { Deployment, Release } from '../../deploy/deployer.ts'
import { RUN_LABEL, STACK_LABEL } from '../../engine/client.ts'
import { InfraError } from '../../lib/errors.ts'
import { cause } from '../../verdict/causes.ts'
import type { Evidence } from '../../verdict/evidence.ts'
import { deployRelease } from '../app/deploy-release.ts'
import { type RunContext, TierStop } from '../context.ts'
import { toolboxOf } from '../open-resources.ts'
import type { StoredData } from './stored-data.ts'

/** How an app gets stored data: see `stored-data.ts`. */

/** What came to be of each volume: what was kept, and how many files lay there once the app had been started on it. */
export type PutVolumes = Extract<Evidence, { kind: 'reattached' }>['volumes']

export interface DataDeployment {
  readonly deployed: Deployment
  readonly volumes: PutVolumes
}

/** What tells one kind of kept data from the other, for whoever reads what went wrong with it. */
export interface StoredDataKind {
  /** What it is: `the canonical of 1.2.0`. */
  readonly named: string
  /** How its wholeness is looked at, and what continues without it. */
  readonly whole: string
  readonly without: string
}

/** A first deployment: the volumes are there and full before anything of the app is. */
export async function deployOn(
  context: RunContext,
  release: Release,
  { data, kind }: { readonly data: StoredData; readonly kind: StoredDataKind },
): Promise<DataDeployment> {
  const { host, plan } = context
  const { stack, runId } = plan.app
  for (const { volume } of data.volumes)
    await host.engine.createVolume(`${stack}_${volume}`, { [STACK_LABEL]: stack, [RUN_LABEL]: runId })
  const toolbox = await toolboxOf(context)
  const volumes = await fill(toolbox, { data, kind }, context.signal)
  return { deployed: await deployRelease(context, release), volumes }
}

/** Every volume is what was kept, to the last byte, before a program sees it. Throws InfraError `data-not-put`. */
export async function fill(
  toolbox: Toolbox,
  { data, kind }: { readonly data: StoredData; readonly kind: StoredDataKind },
  signal: AbortSignal,
): Promise<PutVolumes> {
  const rows: PutVolumes = []
  for (const { volume, files, bytes, content } of data.volumes) {
    const bounds = { signal, bytes }
    await fillVolume(toolbox, volume, { ...bounds, input: data.open(volume) })
    const now = await volumeContent(toolbox, volume, bounds)
    if (now !== content)
      throw new InfraError('data-not-put', `the volume ${volume} does not hold what ${kind.named} has`, {
        hint: `Look at the space on the machine. ${kind.whole}`,
      })
    rows.push({ volume, files, bytes, content, started: files })
  }
  return rows
}

/** Throws TierStop `image-moved` where another image runs than the data was made with. */
export function refuseChangedImages(
  { images }: Deployment,
  { data, kind }: { readonly data: StoredData; readonly kind: StoredDataKind },
): void {
  for (const { service, ref, id } of data.images) {
    const now = images.find((image) => image.service === service)
    if (now?.id === id) continue
    const message = `the image ${ref} of ${service} is another one than when ${kind.named} was taken`
    throw new TierStop('base-readable', cause('image-moved', message, { service, hint: kind.without }), 'unverified')
  }
}

/** An app that clears its volumes at a start would leave nothing of the data to be proven. `who`: `the base`. */
export async function checkDataStillThere(context: RunContext, who: string, volumes: PutVolumes): Promise<PutVolumes> {
  const toolbox = await toolboxOf(context)
  const rows: PutVolumes = []
  for (const row of volumes) {
    const { files } = await countFiles(toolbox, row.volume, { signal: context.signal })
    if (files === 0 && row.files > 0) {
      const message = `${who} emptied the volume ${row.volume} when it was started on the data that was kept`
      throw new TierStop('base-readable', cause('data-lost', message, { blame: 'recipe' }), 'unverified')
    }
    rows.push({ ...row, started: files })
  }
  return rows
}

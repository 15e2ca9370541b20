import { countFiles } from '../../backup/loss.ts'
import type { Toolbox } from '../../backup/toolbox.ts'
import { readVolume } from '../../backup/volume-copy.ts'
import type { Release } from '../../deploy/deployer.ts'
import { InfraError, InternalError } from '../../lib/errors.ts'
import type { RunContext } from '../context.ts'
import type { DataDraft, StoredVolume } from './stored-data.ts'

/** How the data of an app that stands still is stored: see `stored-data.ts`. */

/** Short names of the volumes that services of the release mount. */
export function volumesOf({ stack, app }: Release): string[] {
  const { services, volumes } = stack.model
  const used = new Set(
    Object.values(services).flatMap(({ volumes: mounts = [] }) => mounts.map(({ source }) => source)),
  )
  return Object.entries(volumes)
    .filter(([key]) => used.has(key))
    .map(([key, { name }]) => (name ?? `${app.stack}_${key}`).slice(app.stack.length + 1))
    .sort()
}

/** What lies in each volume. Throws InfraError `volume-missing`. */
export async function measureVolumes(
  toolbox: Toolbox,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Omit<StoredVolume, 'content'>[]> {
  const found: Omit<StoredVolume, 'content'>[] = []
  for (const volume of names) {
    if (!toolbox.volumes.includes(volume))
      throw new InfraError('volume-missing', `the app has no volume ${volume}, which its compose files name`)
    found.push({ volume, ...(await countFiles(toolbox, volume, { signal })) })
  }
  return found
}

export function bytesOf(volumes: readonly Pick<StoredVolume, 'bytes'>[]): number {
  return volumes.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Resolves to the sha256 of what was copied. */
export function copyVolume(
  toolbox: Toolbox,
  draft: DataDraft,
  { volume, signal }: { readonly volume: Omit<StoredVolume, 'content'>; readonly signal: AbortSignal },
): Promise<string> {
  const { bytes } = volume
  return draft.add(volume, (output) => readVolume(toolbox, volume.volume, { signal, bytes, output }))
}

/** Data and secrets belong together: a database knows its old password. Gives the values by key. */
export function valuesOf(
  { secretValues }: Pick<RunContext, 'secretValues'>,
  { secrets }: Release,
): Map<string, string> {
  return new Map(
    secrets.map(({ key, name }) => {
      const value = secretValues.get(name)
      if (value === undefined)
        throw new InternalError('secret-value-unknown', `the value of the secret ${key} is not known to this run`)
      return [key, value]
    }),
  )
}

import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createZstdDecompress } from 'node:zlib'
import { UsageError } from '../../lib/errors.ts'
import type { StoredData } from '../../lifecycle/stored-data/stored-data.ts'
import { type StoredDataManifest, secretsShape } from './contract.ts'

/** The data in a folder that `verify` found whole. `onOpen` is called when somebody begins to read a volume. */
export function readStoredData(
  { dir, manifest }: { readonly dir: string; readonly manifest: StoredDataManifest },
  onOpen: () => void = () => undefined,
): StoredData {
  const { env, values } = secretsShape.parse(JSON.parse(readFileSync(join(dir, 'secrets.json'), 'utf8')))
  const { run, takenAt, app, images, volumes } = manifest
  return {
    ...{ runId: run, takenAt, ...app, images },
    volumes: volumes.map(({ volume, files, bytes, content }) => ({ volume, files, bytes, content })),
    secrets: { env: new Map(Object.entries(env)), values: new Map(Object.entries(values)) },
    open(volume) {
      const file = volumes.find((one) => one.volume === volume)?.file
      if (file === undefined) throw new UsageError('no-such-volume', `of the volume ${volume} nothing is kept`)
      onOpen()
      return createReadStream(join(dir, file)).pipe(createZstdDecompress())
    },
  }
}

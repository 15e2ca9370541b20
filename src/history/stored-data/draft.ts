import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { syncPath } from '../../lib/files/atomic-file.ts'
import type { DataDraft, StoredVolume } from '../../lifecycle/stored-data/stored-data.ts'
import type { StoredDataManifest } from './contract.ts'

export interface DraftOptions {
  /** Where it is written; made here. */
  readonly dir: string
  /** The folder that it becomes. */
  readonly target: string
  /** All that is known before the data is read. */
  readonly manifest: Omit<StoredDataManifest, 'volumes' | 'secrets' | 'takenAt'> & Readonly<Record<string, unknown>>
  /** Content of secrets.json. */
  readonly secrets: {
    readonly env: Readonly<Record<string, string>>
    readonly values: Readonly<Record<string, string>>
  }
  readonly now: () => number
  /** Called when it has its place. */
  readonly committed: () => Promise<void>
}

/** Writes data beside what is there already; see the contract for what a kill leaves. */
export async function openDraft({ dir, target, manifest, secrets, now, committed }: DraftOptions): Promise<DataDraft> {
  await rm(dir, { recursive: true, force: true })
  mkdirSync(join(dir, 'volumes'), { recursive: true, mode: 0o700 })
  const text = `${JSON.stringify(secrets, null, 2)}\n`
  const volumes: StoredDataManifest['volumes'] = []
  return {
    async add(volume, copy) {
      const stored = await store(dir, `volumes/${volumes.length}.tar.zst`, copy)
      volumes.push({ ...volume, ...stored })
      return stored.content
    },
    async commit() {
      const takenAt = new Date(now()).toISOString()
      const whole: StoredDataManifest = {
        ...manifest,
        takenAt,
        volumes,
        secrets: createHash('sha256').update(text).digest('hex'),
      }
      await writeSynced(join(dir, 'secrets.json'), text)
      await writeSynced(join(dir, 'manifest.json'), `${JSON.stringify(whole, null, 2)}\n`)
      for (const folder of [join(dir, 'volumes'), dir]) await syncPath(folder)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await rename(dir, target)
      for (const folder of [dirname(target), dirname(dirname(target)), dirname(dir)]) await syncPath(folder)
      await committed()
    },
    discard: () => rm(dir, { recursive: true, force: true }),
  }
}

async function store(
  dir: string,
  file: string,
  copy: Parameters<DataDraft['add']>[1],
): Promise<Pick<StoredDataManifest['volumes'][number], 'file' | 'storedBytes'> & Pick<StoredVolume, 'content'>> {
  const path = join(dir, file)
  const hash = createHash('sha256')
  const into = new PassThrough()
  const stored = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
  const writing = pipeline(into, createZstdCompress(), stored)
  // Told by the `await` below; until then nobody listens.
  writing.catch(() => undefined)
  try {
    await copy(async (bytes) => {
      hash.update(bytes)
      if (!into.write(bytes)) await Promise.race([once(into, 'drain'), writing])
    })
    into.end()
    await writing
  } finally {
    into.destroy()
  }
  return { file, content: hash.digest('hex'), storedBytes: (await stat(path)).size }
}

async function writeSynced(path: string, text: string): Promise<void> {
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
  await syncPath(path)
}

import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { messageOf } from '../../lib/errors.ts'
import { type StoredDataManifest, secretsShape } from './contract.ts'

/** Id of the image that a reference names on this machine now; null where it has none of that name. */
export type CurrentImageId = (ref: string) => Promise<string | null>

/** `stale`: true to what was taken, which is not what its references name now. `damaged`: not what was taken. */
export type StoredDataVerdict =
  | { readonly kind: 'whole' }
  | { readonly kind: 'stale' | 'damaged'; readonly why: readonly string[] }

/** Reads all of it. A manifest that is null could not be read. Null for `imageNow`: images are not compared, for want of an engine. */
export async function verify(
  { dir, manifest }: { readonly dir: string; readonly manifest: StoredDataManifest | null },
  imageNow: CurrentImageId | null,
): Promise<StoredDataVerdict> {
  if (!manifest) return { kind: 'damaged', why: ['its manifest cannot be read, or is of another format'] }
  const moved = imageNow ? await movedImages(manifest, imageNow) : []
  const wrong = [...(await wrongVolumes(dir, manifest)), ...wrongSecrets(dir, manifest)]
  if (wrong.length > 0) return { kind: 'damaged', why: wrong }
  return moved.length > 0 ? { kind: 'stale', why: moved } : { kind: 'whole' }
}

/** An image that is not here is pulled when it is needed; what it is then, the run compares. */
async function movedImages({ images }: StoredDataManifest, imageNow: CurrentImageId): Promise<string[]> {
  const found = await Promise.all(
    images.map(async ({ ref, id }) => {
      const now = await imageNow(ref)
      return now === null || now === id ? [] : [`image ${ref} moved: ${short(id)} then, ${short(now)} now`]
    }),
  )
  return [...new Set(found.flat())]
}

function short(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}

async function wrongVolumes(dir: string, { volumes }: StoredDataManifest): Promise<string[]> {
  const wrong: string[] = []
  for (const { volume, file, content } of volumes) {
    const found = await contentOf(join(dir, file)).catch((error: unknown) => `unreadable (${messageOf(error)})`)
    if (found !== content)
      wrong.push(`the volume ${volume} is not what was kept: ${content.slice(0, 12)} then, ${found.slice(0, 60)} now`)
  }
  return wrong
}

async function contentOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), createZstdDecompress(), hash)
  return hash.digest('hex')
}

function wrongSecrets(dir: string, { secrets }: StoredDataManifest): string[] {
  try {
    const bytes = readFileSync(join(dir, 'secrets.json'))
    secretsShape.parse(JSON.parse(bytes.toString('utf8')))
    if (createHash('sha256').update(bytes).digest('hex') === secrets) return []
  } catch {
    // Told below, without its words: they may quote what is secret.
  }
  return ['its secrets are not what was kept']
}

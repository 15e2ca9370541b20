import { constants, type Dirent } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../lib/errors.ts'
import { UploadError } from '../contract/errors.ts'
import { UPLOAD_LIMITS, UPLOADED } from '../contract/protocol.ts'

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants
const DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW

export interface UploadPiece {
  /** The attempt's folder; made when it is missing. */
  readonly dir: string
  /** Below it, as UPLOADED allows. */
  readonly path: string
  /** Bytes of the file that came before. */
  readonly offset: number
  readonly bytes: Uint8Array
  readonly limits?: typeof UPLOAD_LIMITS
}

/**
 * Adds bytes to a file of a run folder and gives its size. No part of the path is ever followed when it is a symbolic link: each folder is opened
 * by its descriptor. Throws UploadError.
 */
export async function writePiece({ dir, path, offset, bytes, limits = UPLOAD_LIMITS }: UploadPiece): Promise<number> {
  if (!UPLOADED.test(path)) throw new UploadError('bad-path', `"${path.slice(0, 200)}" is no file of a run`)
  const end = offset + bytes.byteLength
  if (bytes.byteLength > limits.call) throw new UploadError('too-large', `more than ${limits.call} bytes in one call`)
  if (end > limits.file) throw new UploadError('too-large', `${path} would have more than ${limits.file} bytes`)
  if ((await sizeBelow(dir)) + bytes.byteLength > limits.run) {
    throw new UploadError('too-large', `the run would have more than ${limits.run} bytes`)
  }
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await using file = await openBelow(dir, path)
  const { size } = await file.stat()
  if (size !== offset) throw new UploadError('wrong-offset', `${path} has ${size} bytes, not ${offset}`, size)
  await file.write(bytes, 0, bytes.byteLength, offset)
  return end
}

async function openBelow(dir: string, path: string): Promise<FileHandle> {
  const parts = path.split('/')
  const name = parts.pop() ?? ''
  let folder = await open(dir, DIRECTORY)
  try {
    for (const part of parts) {
      const child = join(descriptorPath(folder), part)
      await mkdir(child, { mode: 0o700 }).catch(unlessThere)
      const next = await open(child, DIRECTORY)
      await folder.close()
      folder = next
    }
    const file = await open(join(descriptorPath(folder), name), O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600)
    const facts = await file.stat()
    if (facts.isFile() && facts.nlink === 1) return file
    await file.close()
    throw new UploadError('bad-path', `${path} is not a plain file here`)
  } catch (error) {
    if (error instanceof UploadError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EISDIR') {
      throw new UploadError('bad-path', `${path} does not lead to a plain file here: ${messageOf(error)}`)
    }
    throw error
  } finally {
    await folder.close()
  }
}

function descriptorPath({ fd }: FileHandle): string {
  return `/proc/self/fd/${fd}`
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

/** Bytes of all plain files below a folder; 0 where it is not there. */
async function sizeBelow(dir: string): Promise<number> {
  const entries: Dirent[] = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file)
        .then((facts) => facts.size)
        .catch(() => 0),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

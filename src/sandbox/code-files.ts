import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { RecipeError } from '../lib/errors.ts'
import type { TarFile } from './tar-write.ts'

const LIMITS = { files: 2000, bytes: 32 * 1024 * 1024 } as const
const LEFT_OUT = ['.git', 'node_modules']

/**
 * The regular files below a folder, as `<under>/<path>`; links and all else are left out, and so are `.git` and `node_modules`. Throws
 * RecipeError `code-too-large`.
 */
export async function codeFiles(folder: string, under: string): Promise<TarFile[]> {
  const files: TarFile[] = []
  let bytes = 0
  for await (const path of regularFiles(folder, '')) {
    const file = await readFileAt(join(folder, path), LIMITS.bytes - bytes)
    if (file) files.push({ path: `${under}/${path}`, ...file })
    bytes += file?.bytes.length ?? 0
    if (files.length > LIMITS.files || bytes > LIMITS.bytes) throw tooLarge(folder)
  }
  return files
}

async function* regularFiles(folder: string, under: string): AsyncGenerator<string> {
  for (const entry of await readdir(join(folder, under), { withFileTypes: true })) {
    if (LEFT_OUT.includes(entry.name)) continue
    const path = under === '' ? entry.name : `${under}/${entry.name}`
    if (entry.isDirectory()) yield* regularFiles(folder, path)
    else if (entry.isFile()) yield path
  }
}

/** Looked at again once it is open: what the folder said may have changed meanwhile. Null when it is no regular file any more. */
async function readFileAt(path: string, most: number): Promise<Pick<TarFile, 'bytes' | 'executable'> | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(gone)
  if (!file) return null
  try {
    const { size, mode } = await file.stat()
    if (!(await file.stat()).isFile()) return null
    if (size > most) throw tooLarge(path)
    const bytes = Buffer.alloc(size)
    const { bytesRead } = await file.read(bytes, 0, size, 0)
    return { bytes: bytes.subarray(0, bytesRead), executable: (mode & 0o111) !== 0 }
  } finally {
    await file.close()
  }
}

function gone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ELOOP' || error.code === 'ENOENT') return null
  throw error
}

function tooLarge(path: string): RecipeError {
  return new RecipeError('code-too-large', `${path}: more than ${LIMITS.files} files or 32 MiB of code and test data`, {
    hint: 'Keep large files out of the customization folder.',
  })
}

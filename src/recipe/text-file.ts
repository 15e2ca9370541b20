import { lstat, readFile, realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { messageOf, RecipeError } from '../lib/errors.ts'

/** More than any recipe file needs, and little enough to parse at once. */
const TEXT_LIMIT = 1024 * 1024

/**
 * Reads a text file of the recipe. Null when it does not exist. Throws RecipeError `file-not-text`, `file-too-big`,
 * `file-outside`, `file-unreadable`.
 */
export async function readText(dir: string, file: string): Promise<string | null> {
  const path = join(dir, file)
  const fail = (code: string, message: string, hint: string) =>
    new RecipeError(code, message, { hint, where: { file } })
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw fail('file-unreadable', `cannot be read: ${error.message}`, 'Check its permissions.')
  })
  if (!stat) return null
  await assertWithin(dir, path, file)
  const real = await lstat(await realpath(path))
  if (!real.isFile()) throw fail('file-not-text', 'is not a file', 'Put a text file there.')
  if (real.size > TEXT_LIMIT)
    throw fail('file-too-big', `has ${real.size} bytes, more than ${TEXT_LIMIT}`, 'Keep it small.')
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fail('file-unreadable', `cannot be read: ${messageOf(error)}`, 'Check its permissions.')
  })
  if (bytes.includes(0)) throw fail('file-not-text', 'is binary, not text', 'Write it as UTF-8 text.')
  return decode(bytes, file)
}

/** Refuses a path that really lies outside `dir`, whatever links lead there. */
async function assertWithin(dir: string, path: string, file: string): Promise<void> {
  const inside = relative(await realpath(dir), await realpath(path).catch(() => path))
  if (inside === '..' || inside.startsWith('../')) {
    throw new RecipeError('file-outside', 'leads out of the recipe', {
      hint: 'Put the file into the recipe.',
      where: { file },
    })
  }
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RecipeError('file-not-text', 'is not UTF-8 text', { hint: 'Save it as UTF-8.', where: { file }, cause })
  }
}

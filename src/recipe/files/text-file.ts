import { isUtf8 } from 'node:buffer'
import { lstat, readFile, realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { messageOf, RecipeError } from '../../lib/errors.ts'
import type { SourceLocation } from '../../lib/text/source-location.ts'

/** More than any recipe file needs, and little enough to parse at once. */
const TEXT_LIMIT = 1024 * 1024

const LINK_HINT = 'Put the file itself there.'

/** A text of which not every byte need be UTF-8. */
export interface LooseText {
  /** With U+FFFD for what is none, as the engine would get it. */
  readonly text: string
  /** The first line that is not UTF-8; null when all are. */
  readonly notUtf8: SourceLocation | null
}

/**
 * Reads a text file of the recipe that must be UTF-8. Null when it does not exist. Throws RecipeError `file-not-text`, `file-too-big`,
 * `file-outside`, `file-unreadable`.
 */
export async function readText(dir: string, file: string): Promise<string | null> {
  const loose = await readLooseText(dir, file)
  if (!loose?.notUtf8) return loose?.text ?? null
  throw new RecipeError('file-not-text', 'is not UTF-8 text', { hint: 'Save it as UTF-8.', where: loose.notUtf8 })
}

/** The same of a text whose readers pass over bytes that are not UTF-8. */
export async function readLooseText(dir: string, file: string): Promise<LooseText | null> {
  const path = join(dir, file)
  const fail = (code: string, message: string, hint: string) =>
    new RecipeError(code, message, { hint, where: { file } })
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw fail('file-unreadable', `cannot be read: ${error.message}`, 'Check its permissions.')
  })
  if (!stat) return null
  const target = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ELOOP') throw fail('file-unreadable', 'is a link that leads back to itself', LINK_HINT)
    if (error.code === 'ENOENT') throw fail('file-unreadable', 'is a link to something that is not there', LINK_HINT)
    throw fail('file-unreadable', `cannot be read: ${error.message}`, 'Check its permissions.')
  })
  await assertWithin(dir, target, file)
  const real = await lstat(target)
  if (!real.isFile()) throw fail('file-not-text', 'is not a file', 'Put a text file there.')
  if (real.size > TEXT_LIMIT)
    throw fail('file-too-big', `has ${real.size} bytes, more than ${TEXT_LIMIT}`, 'Keep it small.')
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fail('file-unreadable', `cannot be read: ${messageOf(error)}`, 'Check its permissions.')
  })
  if (bytes.includes(0)) throw fail('file-not-text', 'is binary, not text', 'Write it as UTF-8 text.')
  return { text: new TextDecoder().decode(bytes), notUtf8: firstNotUtf8(bytes, file) }
}

function firstNotUtf8(bytes: Buffer, file: string): SourceLocation | null {
  if (isUtf8(bytes)) return null
  // No byte of a longer character is that of a line feed.
  const lines = bytes.toString('latin1').split('\n')
  return { file, line: lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1'))) + 1 }
}

/** Refuses a path that really lies outside `dir`. */
async function assertWithin(dir: string, target: string, file: string): Promise<void> {
  const inside = relative(await realpath(dir), target)
  if (inside === '..' || inside.startsWith('../')) {
    throw new RecipeError('file-outside', 'leads out of the recipe', {
      hint: 'Put the file into the recipe.',
      where: { file },
    })
  }
}

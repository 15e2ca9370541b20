import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RecipeError } from '../lib/errors.ts'
import type { CodeSide } from './source.ts'

const MAX_BYTES = 256 * 1024

/** A folder that may hold the customization of a recipe. */
export interface CustomFolder {
  readonly side: CodeSide
  /** Absolute path, really there. */
  readonly dir: string
  /** What a reader knows it by: a checkout's own path would mean nothing to them. */
  readonly shown: string
}

/** A file of a customization folder that exists. */
export interface CustomFile {
  readonly side: CodeSide
  /** Relative to the side's folder. */
  readonly file: string
  readonly path: string
  readonly shown: string
}

/** Null when it is not there. Throws RecipeError `config-invalid` for a folder, a link, or more than 256 KiB. */
export async function ownFile(folder: CustomFolder, file: string): Promise<CustomFile | null> {
  const path = join(folder.dir, file)
  const shown = join(folder.shown, file)
  const info = await lstat(path).catch(() => null)
  if (!info) return null
  if (info.isFile() && info.size <= MAX_BYTES) return { side: folder.side, file, path, shown }
  throw new RecipeError('config-invalid', `is not a file of at most ${MAX_BYTES} bytes`, {
    where: { file: shown },
    hint: info.isSymbolicLink() ? 'Links are not followed: put the file itself there.' : 'Put an ordinary file there.',
  })
}

/** Throws RecipeError `config-invalid` when it is not UTF-8 text. */
export async function readOwnText({ path, shown }: CustomFile): Promise<string> {
  const bytes = await readFile(path)
  try {
    if (bytes.includes(0)) throw new TypeError('a zero byte')
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RecipeError('config-invalid', 'is not UTF-8 text', {
      where: { file: shown },
      hint: 'Save it as UTF-8.',
      cause,
    })
  }
}

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../../lib/errors.ts'
import { removeFile, writeJson } from '../../../lib/files/atomic-file.ts'
import { enrollmentDocument } from '../../enrollments/enrollment.ts'

/** A file that could not be used: it is skipped, never a reason not to start. */
export interface DamagedFile {
  readonly file: string
  readonly reason: string
}

/** A document through its schema; null where there is none, or it is damaged (then told to `damaged`). */
export async function readDocument<T>(
  file: string,
  schema: z.ZodType<T>,
  damaged: (damage: DamagedFile) => void,
): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (!isMissing(error)) damaged({ file, reason: messageOf(error).slice(0, 500) })
    return null
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Names in a folder, sorted; none where there is no folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const worker = z.object({ name: z.string(), tokenHash: z.string() })

/** One document a name in a folder; names compare without case. */
class Documents<T extends { readonly name: string }> {
  readonly #folder: string
  readonly #schema: z.ZodType<T>

  constructor(folder: string, schema: z.ZodType<T>) {
    this.#folder = folder
    this.#schema = schema
  }

  write(document: T): Promise<void> {
    return writeJson(this.#path(document.name), document)
  }

  async remove(name: string): Promise<void> {
    const exists = (await namesIn(this.#folder)).includes(fileName(name))
    if (exists) await removeFile(this.#path(name))
  }

  async read(damaged: (damage: DamagedFile) => void): Promise<T[]> {
    const found: T[] = []
    for (const name of (await namesIn(this.#folder)).filter((name) => /^[^.].*\.json$/.test(name))) {
      const document = await readDocument(join(this.#folder, name), this.#schema, damaged)
      if (document) found.push(document)
    }
    return found
  }

  #path(name: string): string {
    return join(this.#folder, fileName(name))
  }
}

/** `Org/Repo` as `org__repo.json`. What is no letter, digit, dot, dash or underscore is written by its number, so no name leaves the folder. */
function fileName(name: string): string {
  const safe = name
    .toLowerCase()
    .replace('/', '__')
    .replace(/[^a-z0-9._-]|^\./g, (character) => `%${character.codePointAt(0)?.toString(16)}`)
  return `${safe}.json`
}

export const enrollmentFiles = (state: string) => new Documents(join(state, 'server', 'enrolments'), enrollmentDocument)
export const workerFiles = (state: string) => new Documents(join(state, 'server', 'workers'), worker)
export const driftFiles = <T extends { readonly name: string }>(state: string, schema: z.ZodType<T>) =>
  new Documents(join(state, 'server', 'drift'), schema)

import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { messageOf } from '../../../lib/errors.ts'

/** A file that could not be used: it is skipped, never a reason not to start. */
export interface Damage {
  readonly file: string
  readonly reason: string
}

/** A document through its schema; null where there is none, or it is damaged (then told to `damaged`). */
export async function readDocument<T>(
  file: string,
  schema: z.ZodType<T>,
  damaged: (damage: Damage) => void,
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

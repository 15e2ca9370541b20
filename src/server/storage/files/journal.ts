import { constants } from 'node:fs'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../../lib/errors.ts'
import { DECISIONS } from '../../contract/store.ts'
import type { DamagedFile } from './documents.ts'

const line = z.union([
  z.object({
    kind: z.literal('comment'),
    repository: z.string(),
    comment: z.number(),
    decision: z.enum(DECISIONS),
    at: z.string(),
    run: z.string().nullable(),
  }),
  z.object({ kind: z.literal('refusal'), repository: z.string(), pull: z.number(), login: z.string() }),
])
export type JournalLine = z.infer<typeof line>

/** `<state>/server/decided.ndjson`: what was decided, one line each, only ever appended to. */
export class Journal {
  readonly #folder: string
  readonly #file: string

  constructor(state: string) {
    this.#folder = join(state, 'server')
    this.#file = join(this.#folder, 'decided.ndjson')
  }

  /** One write of one line, on disk when this resolves. It begins a new line, so that a torn one before it spoils nothing. */
  async append(entry: JournalLine): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const file = await open(this.#file, constants.O_APPEND | constants.O_CREAT | constants.O_RDWR, 0o600)
    try {
      const { size } = await file.stat()
      const last = Buffer.alloc(1)
      const torn = size > 0 && (await file.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] !== 0x0a
      const bytes = Buffer.from(`${torn ? '\n' : ''}${JSON.stringify(entry)}\n`)
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async read(damaged: (damage: DamagedFile) => void): Promise<JournalLine[]> {
    const entries: JournalLine[] = []
    const lines = (await this.#text()).split('\n')
    for (const [index, text] of lines.entries()) {
      if (text.trim() === '') continue
      try {
        entries.push(line.parse(JSON.parse(text)))
      } catch (error) {
        damaged({ file: `${this.#file}:${index + 1}`, reason: messageOf(error).slice(0, 500) })
      }
    }
    return entries
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.#file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    }
  }
}

import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { writeJsonSync } from '../lib/files/atomic-file.ts'
import type { Engine } from './client.ts'

/** Answers that are kept in a file; the oldest goes first. */
const REMEMBERED = 8

const entries = z.array(z.looseObject({ key: z.string() }))

/** Another boot may mean another kernel; another engine may run on another machine. */
export async function machineKey(engine: Engine): Promise<string> {
  const { id, kernel } = await engine.info()
  const bootFile = '/proc/sys/kernel/random/boot_id'
  return `${id} ${kernel} ${existsSync(bootFile) ? readFileSync(bootFile, 'utf8').trim() : ''}`
}

/** What is asked of an engine once and holds until the key is another: several engines may be asked in turn on one machine. */
export class PersistentCache<T extends object> {
  readonly #file: string
  readonly #answer: z.ZodType<T>

  constructor(file: string, answer: z.ZodType<T>) {
    this.#file = file
    this.#answer = answer
  }

  recall(key: string): T | null {
    const known = this.#all().find((one) => one.key === key)
    return this.#answer.safeParse(known).data ?? null
  }

  remember(key: string, answer: T): void {
    const others = this.#all().filter((one) => one.key !== key)
    writeJsonSync(this.#file, [...others.slice(1 - REMEMBERED), { key, ...answer }])
  }

  #all(): z.infer<typeof entries> {
    if (!existsSync(this.#file)) return []
    try {
      return entries.safeParse(JSON.parse(readFileSync(this.#file, 'utf8'))).data ?? []
    } catch {
      // Cut off, or written by nobody we know: then it is asked again.
      return []
    }
  }
}

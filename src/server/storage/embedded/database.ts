// cspell:ignore pglite
import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, statfs } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../../lib/async/clock.ts'
import { InfraError, messageOf } from '../../../lib/errors.ts'
import { namesIn } from '../files/documents.ts'
import type { EmbeddedDatabase } from './dialect.ts'
import { Session } from './thread/session.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
/** A new database and what it writes before its first checkpoint. Below it a failure to open says nothing of the folder. */
const ROOM_BYTES = 96 * 1024 ** 2
/** Corrupted data or index, and a file that is missing. */
const DAMAGE = /^(XX001|XX002|58P01)$/
/** While an opened database is brought to the schema and the files: whatever its own words deny. */
const UNFIT = /^(XX|58|42|22|23)\w{3}$/
/** How many damaged folders are kept for whoever wants to look. */
const QUARANTINED_KEPT = 2

export interface EmbeddedOptions {
  /** Exists, and is ours alone. */
  readonly folder: string
  readonly clock: Clock
  /** A corrupt folder was renamed; `reason` is what the database said. */
  readonly onQuarantined: (quarantined: string, reason: string) => void
  /** The thread had ended, and is there again. */
  readonly onRestarted: (reason: string) => void
}

/**
 * The embedded database in a thread of its own. A session that has ended is followed by a new one; a folder that cannot be opened is quarantined
 * (renamed) and replaced by an empty one: it is only an index. `generation` rises with each session, so that the supervisor knows when to rebuild it from the files.
 */
export class ThreadDatabase implements EmbeddedDatabase {
  readonly #options: EmbeddedOptions
  #session: Promise<Session> | null = null
  #live: Session | null = null
  #closed = false
  #suspect: unknown = null
  generation = 0

  constructor(options: EmbeddedOptions) {
    this.#options = options
  }

  /** Throws InfraError `database-gone` after `close`, `disk-full`, or `database-unusable` where not even an empty one opens. */
  session(): Promise<Session> {
    if (this.#closed) return Promise.reject(new InfraError('database-gone', 'the database was closed'))
    if (this.#live?.ended) this.#session = null
    this.#session ??= this.#begin().catch((error) => {
      this.#session = null
      throw error
    })
    return this.#session
  }

  /**
   * True where the error means that the folder is corrupt: the session ends, and the next one starts with an empty database. `preparing`: it came
   * while a database that was just opened was looked at for the first time, when the death of its thread tells the same.
   */
  async markCorrupt(error: unknown, when: 'preparing' | 'serving'): Promise<boolean> {
    if (this.#closed || !this.#live) return false
    const codes = codesOf(error)
    const pattern = when === 'preparing' ? UNFIT : DAMAGE
    const isDead = when === 'preparing' && this.#live.ended !== null && codes.includes('database-gone')
    if (!isDead && !codes.some((code) => pattern.test(code))) return false
    await refuseFull(this.#options.folder, error)
    this.#suspect = error
    await this.#live.kill(new Error(messageOf(error)))
    return true
  }

  async close(): Promise<void> {
    this.#closed = true
    const session = await this.#session?.catch(() => null)
    await session?.close()
  }

  async #begin(): Promise<Session> {
    const before = this.#suspect === null ? (this.#live?.ended ?? null) : null
    const session = await this.#open()
    if (before) this.#options.onRestarted(before.message)
    this.#live = session
    this.generation += 1
    return session
  }

  async #open(): Promise<Session> {
    const { folder } = this.#options
    if (this.#suspect !== null) await this.#quarantine(this.#suspect)
    this.#suspect = null
    const isNew = (await namesIn(folder)).length === 0
    try {
      return await Session.open({ folder, prepared: preparedFolder() })
    } catch (error) {
      await refuseFull(folder, error)
      await this.#quarantine(error)
      // A copy that does not open speaks against what it was copied from.
      return await Session.open({ folder, prepared: isNew ? null : preparedFolder() }).catch((again) => {
        throw unusable(folder, again)
      })
    }
  }

  async #quarantine(reason: unknown): Promise<void> {
    const { folder, clock, onQuarantined } = this.#options
    const prefix = `${basename(folder)}.damaged-`
    const older = (await namesIn(dirname(folder))).filter((name) => name.startsWith(prefix))
    for (const name of older.slice(0, Math.max(0, older.length - QUARANTINED_KEPT + 1)))
      await rm(join(dirname(folder), name), { recursive: true })
    const quarantined = join(
      dirname(folder),
      `${prefix}${new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-')}`,
    )
    try {
      await rename(folder, quarantined)
      await mkdir(folder, { mode: 0o700 })
    } catch (error) {
      const why = new Error(`${messageOf(reason)}; and it cannot be quarantined: ${messageOf(error)}`, {
        cause: error,
      })
      throw unusable(folder, why)
    }
    onQuarantined(quarantined, messageOf(reason))
  }
}

function unusable(folder: string, cause: unknown): InfraError {
  return new InfraError('database-unusable', `no database can be made in ${folder}: ${messageOf(cause)}`, {
    hint: 'Check that the folder can be written and renamed (no mount point of its own); a quarantined folder lies beside it.',
    cause,
  })
}

/** Codes of an error and of what caused it. */
function codesOf(error: unknown): string[] {
  const { code, cause } = Object(error) as { code?: unknown; cause?: unknown }
  return [...(typeof code === 'string' ? [code] : []), ...(cause === undefined ? [] : codesOf(cause))]
}

/** Throws InfraError `disk-full` where there is no room for a database at all. */
async function refuseFull(folder: string, cause: unknown): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= ROOM_BYTES) return
  throw new InfraError('disk-full', `the database in ${folder} cannot be opened: ${messageOf(cause)}`, {
    hint: `Make room: at least ${ROOM_BYTES / 1024 ** 2} MiB must be free there.`,
    cause,
  })
}

/** One for each version of PGlite, beside the other things that are made once for an installation. */
function preparedFolder(): string {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8')) as {
    version: string
  }
  return join(ROOT, 'node_modules', '.cache', 'cc-ci', `database-${version}`)
}

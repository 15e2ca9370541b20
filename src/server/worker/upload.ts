import { constants, type Dirent } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { retry } from '../../lib/retry.ts'
import { FencedError, UploadError } from '../contract/errors.ts'
import { type Assignment, type Dispatch, UPLOADED } from '../contract/protocol.ts'

const PIECE_BYTES = 1024 ** 2
const LIVE = 'events.ndjson'
const LOOK_EVERY_MS = 1000
const BACKOFF = { firstMs: 500, longestMs: 4000 }

export interface UploadParts {
  readonly dispatch: Pick<Dispatch, 'put'>
  readonly held: Assignment
  /** The run's folder on this machine. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Brings a run folder to the server, in order and from where the server's file ends. Only events.ndjson, which a run only ever appends to, goes
 * up while the run goes on: logs are written anew and masked once more at the end, and then they go with all the rest.
 */
export class FolderUpload {
  readonly #parts: UploadParts
  readonly #sent = new Map<string, number>()
  readonly #refused = new Set<string>()

  constructor(parts: UploadParts) {
    this.#parts = parts
  }

  /** Follows the events until the signal. Throws FencedError. */
  async follow(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    while (!signal.aborted) {
      await this.#bring(LIVE, signal)
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {})
    }
  }

  /** Everything that is not there yet, results.json last. Until the signal, which is that of the lease. Throws FencedError. */
  async rest(signal: AbortSignal): Promise<void> {
    const paths = await uploaded(this.#parts.dir)
    const last = (path: string) => (path === 'results.json' ? 1 : 0)
    for (const path of paths.sort((a, b) => last(a) - last(b))) await this.#bring(path, signal)
  }

  /** Sends what the file has grown by. A server that is away is asked again until the signal. */
  async #bring(path: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    const piece = async () => !this.#refused.has(path) && (await this.#piece(path))
    const onFailure = (error: unknown, pauseMs: number) => {
      if (error instanceof FencedError) throw error
      return this.#learn(path, error) ? 0 : pauseMs
    }
    try {
      while (await retry(piece, { backoff: BACKOFF, clock, signal, onFailure }));
    } catch (error) {
      if (error instanceof FencedError || !signal.aborted) throw error
    }
  }

  /** False when the server has all there is. */
  async #piece(path: string): Promise<boolean> {
    const { dispatch, held, dir } = this.#parts
    const offset = this.#sent.get(path) ?? 0
    const bytes = await readPiece(join(dir, path), offset)
    if (bytes.byteLength === 0) return false
    const { size } = await dispatch.put(held, path, offset, bytes)
    this.#sent.set(path, size)
    return true
  }

  /** True when the error says how to go on at once. */
  #learn(path: string, error: unknown): boolean {
    const { log, held } = this.#parts
    if (error instanceof UploadError && error.code === 'wrong-offset' && error.size !== this.#sent.get(path)) {
      this.#sent.set(path, error.size)
      return true
    }
    log.warn({ run: held.folder, path, error: messageOf(error) }, 'a file could not be brought to the server')
    if (error instanceof UploadError) this.#refused.add(path)
    return error instanceof UploadError
  }
}

async function readPiece(file: string, offset: number): Promise<Uint8Array> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW)
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, offset)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array()
    throw error
  }
}

async function uploaded(dir: string): Promise<string[]> {
  const folders = ['.', 'logs', 'artifacts'].map((name) => join(dir, name))
  const entries = await Promise.all(folders.map((folder) => filesOf(folder, folder !== join(dir, '.'))))
  return entries
    .flat()
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(dir, join(parentPath, name)))
    .filter((path) => UPLOADED.test(path))
}

async function filesOf(folder: string, recursive: boolean): Promise<Dirent[]> {
  return readdir(folder, { recursive, withFileTypes: true }).catch(() => [])
}

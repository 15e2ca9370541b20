import { constants, type Dirent } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import { retry } from '../../lib/async/retry.ts'
import { messageOf } from '../../lib/errors.ts'
import { FencedError, UploadError } from '../contract/errors.ts'
import { type Assignment, type Dispatch, UPLOADED } from '../contract/protocol.ts'

const PIECE_BYTES = 1024 ** 2
const LIVE = 'events.ndjson'
const LOOK_EVERY_MS = 1000
const BACKOFF = { firstMs: 500, longestMs: 4000 }

export interface UploadDeps {
  readonly dispatch: Pick<Dispatch, 'put'>
  readonly assignment: Assignment
  /** The run's folder on this machine. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Uploads a run folder, each file from the offset where the server's copy ends. Only events.ndjson, which is append-only, is uploaded
 * while the run is active: logs are rewritten and masked once more at the end, and are then uploaded with everything else.
 */
export class FolderUpload {
  readonly #deps: UploadDeps
  readonly #sent = new Map<string, number>()
  readonly #refused = new Set<string>()

  constructor(deps: UploadDeps) {
    this.#deps = deps
  }

  /** Follows the events until the signal. Throws FencedError. */
  async follow(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    while (!signal.aborted) {
      await this.#send(LIVE, signal)
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {})
    }
  }

  /** Uploads everything that the server does not have yet, results.json last. Until the signal, which is that of the lease. Throws FencedError. */
  async sendAll(signal: AbortSignal): Promise<void> {
    const paths = await uploaded(this.#deps.dir)
    const last = (path: string) => (path === 'results.json' ? 1 : 0)
    for (const path of paths.sort((a, b) => last(a) - last(b))) await this.#send(path, signal)
  }

  /** Sends what the file has grown by. Retries until the signal while the server is unavailable. */
  async #send(path: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const piece = async () => !this.#refused.has(path) && (await this.#piece(path))
    const onFailure = (error: unknown, pauseMs: number) => {
      if (error instanceof FencedError) throw error
      return this.#adjust(path, error) ? 0 : pauseMs
    }
    try {
      while (await retry(piece, { backoff: BACKOFF, clock, signal, onFailure }));
    } catch (error) {
      if (error instanceof FencedError || !signal.aborted) throw error
    }
  }

  /** False when the server has all there is. */
  async #piece(path: string): Promise<boolean> {
    const { dispatch, assignment, dir } = this.#deps
    const offset = this.#sent.get(path) ?? 0
    const bytes = await readPiece(join(dir, path), offset)
    if (bytes.byteLength === 0) return false
    const { size } = await dispatch.put(assignment, path, offset, bytes)
    this.#sent.set(path, size)
    return true
  }

  /** True when the error tells from where to continue: retry at once. */
  #adjust(path: string, error: unknown): boolean {
    const { log, assignment } = this.#deps
    if (error instanceof UploadError && error.code === 'wrong-offset' && error.size !== this.#sent.get(path)) {
      this.#sent.set(path, error.size)
      return true
    }
    log.warn({ run: assignment.folder, path, error: messageOf(error) }, 'file upload failed')
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

import { join } from 'node:path'
import { z } from 'zod'
import { removeFile, writeJson } from '../../../lib/files/atomic-file.ts'
import { isRunId } from '../../../lib/ids.ts'
import { type RunOutcome, type RunRequest, runOutcome, runRequest } from '../../contract/request.ts'
import { type DamagedFile, namesIn, readDocument } from './documents.ts'

/** `claimed.json`: this folder's attempt was begun. Removed when the worker gives the run back. */
const claimed = z.object({
  schema: z.literal(1),
  attempt: z.int().positive(),
  at: z.iso.datetime(),
  worker: z.string(),
  harness: z.string(),
})
export type ClaimFile = z.infer<typeof claimed>

/** `cancel.json`, in the first attempt's folder: somebody asked for an end. */
const cancelRequest = z.object({ schema: z.literal(1), at: z.iso.datetime(), reason: z.string() })
export type CancelRequest = z.infer<typeof cancelRequest>

/** What one folder below `<state>/runs` says of itself. */
export interface FolderFacts {
  readonly folder: string
  readonly request: RunRequest
  readonly outcome: RunOutcome | null
  readonly claimed: ClaimFile | null
  readonly cancel: CancelRequest | null
}

/** The server's own files in the run folders. */
export class RunFiles {
  readonly #runs: string

  constructor(state: string) {
    this.#runs = join(state, 'runs')
  }

  writeRequest(request: RunRequest): Promise<void> {
    return writeJson(this.#path(request.id, 'request.json'), request)
  }

  writeOutcome(folder: string, outcome: RunOutcome): Promise<void> {
    return writeJson(this.#path(folder, 'outcome.json'), outcome)
  }

  writeClaimed(folder: string, facts: Omit<ClaimFile, 'schema'>): Promise<void> {
    return writeJson(this.#path(folder, 'claimed.json'), { schema: 1, ...facts })
  }

  removeClaimed(folder: string): Promise<void> {
    return removeFile(this.#path(folder, 'claimed.json'))
  }

  writeCancel(id: string, facts: Omit<CancelRequest, 'schema'>): Promise<void> {
    return writeJson(this.#path(id, 'cancel.json'), { schema: 1, ...facts })
  }

  readOutcome(folder: string): Promise<RunOutcome | null> {
    return readDocument(this.#path(folder, 'outcome.json'), runOutcome, () => {})
  }

  /** What a run's folder was made for, and the run whose page shows it: the first attempt. Null: no server made the folder. */
  async readRequest(folder: string): Promise<{ readonly request: RunRequest; readonly page: string } | null> {
    const request = isRunId(folder)
      ? await readDocument(this.#path(folder, 'request.json'), runRequest, () => {})
      : null
    return request && { request, page: request.attemptOf ?? request.id }
  }

  /** True where nobody has begun an attempt in it: it holds nothing but what was asked. */
  async isUnused(folder: string): Promise<boolean> {
    const names = await namesIn(join(this.#runs, folder))
    return names.every((name) => name === 'request.json' || name === 'cancel.json' || name.endsWith('.tmp'))
  }

  /** Folders that a server made, oldest id first; those of `cc-ci test` alone have no request.json. */
  async *all(damaged: (damage: DamagedFile) => void): AsyncGenerator<FolderFacts> {
    for (const folder of (await namesIn(this.#runs)).filter(isRunId)) {
      const request = await readDocument(this.#path(folder, 'request.json'), runRequest, damaged)
      if (!request) continue
      if (request.id !== folder) {
        damaged({ file: this.#path(folder, 'request.json'), reason: `it is the request of ${request.id}` })
        continue
      }
      yield {
        folder,
        request,
        outcome: await readDocument(this.#path(folder, 'outcome.json'), runOutcome, damaged),
        claimed: await readDocument(this.#path(folder, 'claimed.json'), claimed, damaged),
        cancel: await readDocument(this.#path(folder, 'cancel.json'), cancelRequest, damaged),
      }
    }
  }

  #path(folder: string, file: string): string {
    return join(this.#runs, folder, file)
  }
}

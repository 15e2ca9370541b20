import { formatSize } from '../../lib/text/size.ts'

/**
 * The data of an app as it was kept, of a canonical or of a checkpoint: its volumes, and the environment and secrets that belong to them. How it lies on
 * disk is the business of `src/history/stored-data`; here is only what a run asks of it.
 */

/** One volume as it was kept. */
export interface StoredVolume {
  /** Short name, without the stack's. */
  readonly volume: string
  /** Everything but folders. */
  readonly files: number
  /** Of regular files. */
  readonly bytes: number
  /** sha256 of what `readVolume` gives, 64 hex. */
  readonly content: string
}

/** What the app was, without its data and secrets. */
export interface StoredApp {
  /** The run whose app it was. */
  readonly runId: string
  /** The data may name both, so that an app with this data has them again. */
  readonly domain: string
  readonly stack: string
  /** What really ran: reference as written, id as the engine had it. */
  readonly images: readonly { readonly service: string; readonly ref: string; readonly id: string }[]
}

/** What belongs to the data and is nobody's to see. */
export interface StoredSecrets {
  /** The app's whole environment: operators keep theirs. */
  readonly env: ReadonlyMap<string, string>
  /** Values of the app's secrets, by key. */
  readonly values: ReadonlyMap<string, string>
}

/** Data that is whole, lent to one run. */
export interface StoredData extends StoredApp {
  /** ISO 8601. */
  readonly takenAt: string
  readonly volumes: readonly StoredVolume[]
  readonly secrets: StoredSecrets
  /** The stream that `readVolume` gave. */
  open(volume: string): AsyncIterable<Buffer>
}

/** Data on its way to disk. A kill at any moment leaves what was there before, or the new one whole. */
export interface DataDraft {
  /** Stores a volume while `copy` hands it over, and resolves to the sha256 of what came. */
  add(
    volume: Omit<StoredVolume, 'content'>,
    copy: (output: (bytes: Buffer) => Promise<void>) => Promise<void>,
  ): Promise<string>
  /** Puts it in its place. */
  commit(): Promise<void>
  /** Removes what was written. Safe to call twice, and after a failure. */
  discard(): Promise<void>
}

/** For a person: `2 volumes, 14 files, 3 MiB`. */
export function sizeInWords(volumes: readonly Pick<StoredVolume, 'files' | 'bytes'>[]): string {
  const files = volumes.reduce((sum, volume) => sum + volume.files, 0)
  const bytes = volumes.reduce((sum, volume) => sum + volume.bytes, 0)
  return `${volumes.length} volume${volumes.length === 1 ? '' : 's'}, ${files} file${files === 1 ? '' : 's'}, ${formatSize(bytes)}`
}

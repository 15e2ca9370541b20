import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { looksLikeZip, readZip, writeZip, type ZipEntry } from '../lib/files/zip.ts'
import type { NotLooked } from '../verdict/events.ts'

const MAX_BYTES = 64 * 1024 * 1024
/** What an archive of at most that size may unpack to: a trace of Playwright holds pages and answers, each once. */
const ARCHIVE = { maxBytes: 256 * 1024 * 1024, maxEntries: 20_000 } as const

/**
 * Why nobody looked into a file: its pixels, another kind of bytes than text, an archive that cannot be unpacked here, its size; `within`: an archive whose texts
 * were looked into, and which holds something else too.
 */
type Unseen = NotLooked['why']

export interface MaskResult {
  /** The file held what is masked now. */
  readonly changed: boolean
  /** Null: all of it was looked into. */
  readonly unseen: Unseen | null
}

interface Masked {
  /** What is to be written; null: it stays as it was. */
  readonly bytes: Buffer | null
  readonly changed: boolean
  readonly unseen: Unseen | null
}

/**
 * Masks a file in place, whatever it is called: texts, and the texts in a ZIP archive, of which nothing stays that its directory does not list. `mask` gets the name,
 * because in JSON a number must stay one.
 */
export function maskFile(file: string, mask: (text: string, name: string) => string): MaskResult {
  if (statSync(file).size > MAX_BYTES) return { changed: false, unseen: 'too-large' }
  const bytes = readFileSync(file)
  const { bytes: written, ...look } = looksLikeZip(bytes) ? maskArchive(bytes, mask) : maskBytes(bytes, file, mask)
  // In place: the stream of events is open.
  if (written !== null) writeFileSync(file, written)
  return look
}

/** Masks a text; where its name says that it is JSON, within its strings only. */
export function maskAs(name: string, text: string, mask: (text: string) => string): string {
  return JSON_NAMES.test(name) ? text.replace(JSON_STRING, mask) : mask(text)
}

/** The last four are those of a trace. */
const JSON_NAMES = /\.(json|ndjson|har|trace|network|stacks)$/
const JSON_STRING = /"(?:[^"\\]|\\.)*"/g

function maskArchive(bytes: Buffer, mask: (text: string, name: string) => string): Masked {
  const entries = readZip(bytes, ARCHIVE)
  if (entries === null) return untouched('archive')
  const looks = entries.map(({ name, content }) => ({ name, content, ...maskBytes(content, name, mask) }))
  const written = writeZip(
    looks.map(({ name, content, bytes: masked }): ZipEntry => ({ name, content: masked ?? content })),
  )
  return {
    bytes: written.equals(bytes) ? null : written,
    changed: looks.some(({ changed }) => changed),
    unseen: looks.some(({ unseen }) => unseen !== null) ? 'within' : null,
  }
}

function maskBytes(bytes: Buffer, name: string, mask: (text: string, name: string) => string): Masked {
  if (isPicture(bytes)) return untouched('picture')
  if (looksLikeZip(bytes)) return untouched('archive')
  if (bytes.includes(0)) return untouched('binary')
  // Not every log is UTF-8; what is none stays byte for byte.
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1'
  const text = bytes.toString(encoding)
  const masked = mask(text, name)
  const changed = masked !== text
  return { bytes: changed ? Buffer.from(masked, encoding) : null, changed, unseen: null }
}

function untouched(unseen: Unseen): Masked {
  return { bytes: null, changed: false, unseen }
}

function isPicture(bytes: Buffer): boolean {
  const begins = bytes.toString('latin1', 0, 12)
  return /^(\x89PNG\r\n|\xff\xd8\xff|GIF8|RIFF[\s\S]{4}WEBP)/.test(begins)
}

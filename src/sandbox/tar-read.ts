import { InfraError } from '../lib/errors.ts'

const BLOCK = 512
const LONGEST_NAME = 4096

export interface TarEntry {
  /** As it stands in the archive: a stranger's word. */
  readonly path: string
  /** Tar's letter: `0` is a regular file. */
  readonly type: string
  readonly size: number
}

export interface TarSink {
  /** Whether the bytes of this entry are wanted. */
  begin(entry: TarEntry): boolean
  bytes(part: Buffer): void
  end(): void
}

/**
 * Reads what GNU tar writes, as it comes, and believes nothing: sizes are checked, names are bounded, anything but a header where a header is
 * due throws InfraError `bad-archive`. Long names are understood, other extensions are entries of their own type.
 */
export class TarReader {
  readonly #sink: TarSink
  #rest: Buffer = Buffer.alloc(0)
  #longName: Buffer[] | null = null
  #path: string | null = null
  #left = 0
  #padding = 0
  #mode: 'skip' | 'name' | 'file' = 'skip'
  /** True once the end of the archive was seen. */
  done = false

  constructor(sink: TarSink) {
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (!this.done && this.#step());
  }

  /** One piece of what is there; false when more is needed. */
  #step(): boolean {
    if (this.#left > 0) return this.#content()
    if (this.#padding > 0) {
      const skipped = this.#take(this.#padding)
      this.#padding -= skipped.length
      return skipped.length > 0
    }
    if (this.#rest.length < BLOCK) return false
    this.#header(this.#take(BLOCK))
    return true
  }

  #content(): boolean {
    const part = this.#take(this.#left)
    if (part.length === 0) return false
    this.#left -= part.length
    if (this.#mode === 'file') this.#sink.bytes(part)
    if (this.#mode === 'name') this.#longName?.push(Buffer.from(part))
    if (this.#left === 0) this.#finish()
    return true
  }

  #finish(): void {
    if (this.#mode === 'file') this.#sink.end()
    if (this.#mode === 'name') this.#path = textOf(Buffer.concat(this.#longName ?? []))
    this.#longName = null
  }

  #header(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      this.done = true
      return
    }
    const size = checked(block)
    const type = String.fromCharCode(block[156] ?? 0).replace('\0', '0')
    this.#left = size
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK
    if (type === 'L') {
      if (size > LONGEST_NAME) throw bad('a name is too long')
      this.#mode = 'name'
      this.#longName = []
    } else {
      const path = this.#path ?? textOf(block.subarray(0, 100))
      this.#path = null
      this.#mode = this.#sink.begin({ path, type, size }) ? 'file' : 'skip'
    }
    if (size === 0) this.#finish()
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }
}

/** The size, when the checksum of the header is right. */
function checked(block: Buffer): number {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  if (octal(block.subarray(148, 156)) !== sum) throw bad('a header is broken')
  return octal(block.subarray(124, 136))
}

function octal(field: Buffer): number {
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim()
  if (!/^[0-7]{1,11}$/.test(text)) throw bad('a number is none')
  return Number.parseInt(text, 8)
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8')
}

function bad(what: string): InfraError {
  return new InfraError('bad-archive', `what the sandbox sent is no archive: ${what}`)
}

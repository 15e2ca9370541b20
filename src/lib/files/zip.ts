import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

/** A file in a ZIP archive. */
export interface ZipEntry {
  readonly name: string
  readonly content: Buffer
}

export interface ZipLimits {
  /** Of all entries together, unpacked. */
  readonly maxBytes: number
  readonly maxEntries: number
}

const END = { signature: 0x06054b50, size: 22 }
const CENTRAL = { signature: 0x02014b50, size: 46 }
const LOCAL = { signature: 0x04034b50, size: 30 }
const MAX_COMMENT = 0xffff
const STORED = 0
const DEFLATED = 8
const ENCRYPTED = 1
const UTF8_NAMES = 0x800
const VERSION = 20
/** 1980-01-01, the first day that the format knows. */
const NO_DATE = 0x21

/** Whether these bytes begin as an archive does, an empty one too. */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6))
  )
}

/**
 * The entries of an archive as its directory lists them, folders left out. Null for what is broken, encrypted, of a kind that is not known (ZIP64, other methods), or
 * more than the limits allow. Written for archives that somebody may have made on purpose: no offset is believed, and nothing is unpacked further than the limit.
 */
export function readZip(bytes: Buffer, { maxBytes, maxEntries }: ZipLimits): ZipEntry[] | null {
  try {
    const entries: ZipEntry[] = []
    const { count, start } = endOf(bytes)
    if (count > maxEntries) return null
    let left = maxBytes
    let at = start
    for (let index = 0; index < count; index++) {
      const { entry, next } = entryAt(bytes, at, left)
      left -= entry.content.length
      if (!entry.name.endsWith('/')) entries.push(entry)
      at = next
    }
    return entries
  } catch (error) {
    if (error instanceof RangeError || isZlibError(error)) return null
    throw error
  }
}

export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content } of entries) {
    const packed = deflateRawSync(content)
    const bytes = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(VERSION, 0)
    common.writeUInt16LE(UTF8_NAMES, 2)
    common.writeUInt16LE(DEFLATED, 4)
    common.writeUInt16LE(NO_DATE, 8)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(bytes.length, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    const local = [word(LOCAL.signature), common, bytes, packed]
    parts.push(...local)
    directory.push(word(CENTRAL.signature), short(VERSION), common, rest, bytes)
    offset += local.reduce((size, part) => size + part.length, 0)
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(END.size)
  end.writeUInt32LE(END.signature, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(listed.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, listed, end])
}

function endOf(bytes: Buffer): { count: number; start: number } {
  const first = Math.max(0, bytes.length - END.size - MAX_COMMENT)
  for (let at = bytes.length - END.size; at >= first; at--) {
    if (bytes.readUInt32LE(at) === END.signature)
      return { count: bytes.readUInt16LE(at + 10), start: bytes.readUInt32LE(at + 16) }
  }
  throw new RangeError('no end of a directory')
}

function entryAt(bytes: Buffer, at: number, left: number): { entry: ZipEntry; next: number } {
  if (bytes.readUInt32LE(at) !== CENTRAL.signature) throw new RangeError('no entry')
  const flags = bytes.readUInt16LE(at + 8)
  const method = bytes.readUInt16LE(at + 10)
  const crc = bytes.readUInt32LE(at + 16)
  const packed = bytes.readUInt32LE(at + 20)
  const lengths = [28, 30, 32].map((from) => bytes.readUInt16LE(at + from))
  const [nameLength = 0] = lengths
  const local = bytes.readUInt32LE(at + 42)
  if ((flags & ENCRYPTED) !== 0 || (method !== STORED && method !== DEFLATED)) throw new RangeError('not to be read')
  if (bytes.readUInt32LE(local) !== LOCAL.signature) throw new RangeError('no file')
  const from = local + LOCAL.size + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  if (from + packed > bytes.length) throw new RangeError('beyond the end')
  const raw = bytes.subarray(from, from + packed)
  if (method === STORED && raw.length > left) throw new RangeError('too much')
  // zlib takes no limit of 0.
  const content = method === STORED ? Buffer.from(raw) : inflateRawSync(raw, { maxOutputLength: Math.max(1, left) })
  if (crc32(content) !== crc) throw new RangeError('broken')
  const name = bytes.toString('utf8', at + CENTRAL.size, at + CENTRAL.size + nameLength)
  return { entry: { name, content }, next: at + CENTRAL.size + lengths.reduce((a, b) => a + b, 0) }
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code))
}

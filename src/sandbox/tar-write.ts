/** One regular file of an archive. */
export interface TarFile {
  /** Relative, with slashes. */
  readonly path: string
  readonly bytes: Buffer
  readonly executable?: boolean
}

const BLOCK = 512

/** An archive of files that belong to root and that nobody may write. Who unpacks it makes the folders that lead to them. */
export function tarOf(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap(({ path, bytes, executable }) =>
    entry(path, bytes, { type: '0', mode: executable ? 0o555 : 0o444 }),
  )
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
}

interface Kind {
  readonly type: '0' | 'L'
  readonly mode: number
}

/** Names of more than 100 bytes come before their entry as one of their own, as GNU tar writes them. */
function entry(path: string, bytes: Buffer, kind: Kind): Buffer[] {
  const name = Buffer.from(path)
  if (name.length <= 100) return [header(name, bytes.length, kind), ...padded(bytes)]
  const long = Buffer.concat([name, Buffer.alloc(1)])
  return [
    header(Buffer.from('././@LongLink'), long.length, { type: 'L', mode: 0 }),
    ...padded(long),
    header(name.subarray(0, 100), bytes.length, kind),
    ...padded(bytes),
  ]
}

function header(name: Buffer, size: number, { type, mode }: Kind): Buffer {
  const block = Buffer.alloc(BLOCK)
  name.copy(block, 0)
  block.write(octal(mode, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(size, 11), 124)
  block.write(octal(0, 11), 136)
  block.write(' '.repeat(8), 148)
  block.write(type, 156)
  block.write('ustar  \0', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function padded(bytes: Buffer): Buffer[] {
  const rest = bytes.length % BLOCK
  return rest === 0 ? [bytes] : [bytes, Buffer.alloc(BLOCK - rest)]
}

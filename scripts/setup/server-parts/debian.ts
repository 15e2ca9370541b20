// cspell:ignore libc faketime
import { exec } from '../../../src/lib/process/exec.ts'
import { installPackages } from '../../../src/machine/apt.ts'

/** Debian packages of the server's tests: the C parts of Gitea's SQLite, its git, the Python that may fetch Go, the second database, and clocks to set. */
const PACKAGES = ['gcc', 'libc6-dev', 'git', 'python3-pip', 'postgresql', 'faketime']

/** Installs what of them is not there. */
export function ensureDebianParts(log: (line: string) => void): Promise<void> {
  return ensurePackages(PACKAGES, log)
}

/** Installs what is not there. Throws what `installPackages` throws. */
export async function ensurePackages(names: readonly string[], log: (line: string) => void): Promise<void> {
  const lacking: string[] = []
  for (const name of names) if (!(await isInstalled(name))) lacking.push(name)
  if (lacking.length === 0) return log(`Debian packages: ${names.join(', ')} are there`)
  log(`installing ${lacking.join(', ')}`)
  await installPackages(lacking)
}

async function isInstalled(name: string): Promise<boolean> {
  const { exitCode, stdout } = await exec('dpkg-query', ['--status', name], { timeoutMs: 30_000 })
  return exitCode === 0 && /^Status: .* installed$/m.test(stdout)
}

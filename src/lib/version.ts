import { readFileSync } from 'node:fs'
import { exec } from './process/exec.ts'

const ROOT = new URL('../../', import.meta.url)

/** The version in package.json. */
export function toolVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

export interface ToolIdentity {
  readonly name: 'cc-ci'
  readonly version: string
  /** Null where cc-ci was installed from a package. */
  readonly commit: string | null
}

export async function toolIdentity(): Promise<ToolIdentity> {
  const args = ['-C', ROOT.pathname, 'rev-parse', '--show-prefix', 'HEAD']
  const git = await exec('git', args, { timeoutMs: 5000 }).catch(() => null)
  // A package may be installed below the top of a repository, of which it is no part.
  const [prefix, commit] = git?.stdout.split('\n') ?? []
  return {
    name: 'cc-ci',
    version: toolVersion(),
    commit: git?.exitCode === 0 && prefix === '' && commit ? commit : null,
  }
}

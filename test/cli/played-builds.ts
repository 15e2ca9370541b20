import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { commit, folder, git } from '../recipe/throwaway.ts'

const PLAYED = new URL('./played-build.ts', import.meta.url).pathname

/** A repository of builds of cc-ci; returns the commit of each. */
export async function builds<const Name extends string>(
  ...names: Name[]
): Promise<{ dir: string } & Record<Name, string>> {
  const launcher = `#!/bin/sh\nPLAYED_BUILD=$(dirname "$(dirname "$0")") exec ${process.execPath} --disable-warning=ExperimentalWarning ${PLAYED} "$@"\n`
  const lock = {
    name: 'cc-ci',
    version: '0.1.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': { name: 'cc-ci', version: '0.1.0' } },
  }
  const dir = await folder({
    'bin/cc-ci': launcher,
    'package.json': JSON.stringify({ name: 'cc-ci', version: '0.1.0', private: true }),
    'package-lock.json': JSON.stringify(lock),
  })
  await chmod(join(dir, 'bin/cc-ci'), 0o755)
  await git(dir, 'init', '--quiet')
  const made: Record<string, string> = {}
  for (const name of names) made[name] = await commit(dir, name, { build: name.replace(/\d/, '') })
  return { dir, ...(made as Record<Name, string>) }
}

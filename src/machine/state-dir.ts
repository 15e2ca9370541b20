import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fromEnvironment } from '../lib/environment.ts'

/** Where cc-ci keeps runs and what it knows about the machine: `--state`, CC_CI_STATE, `$XDG_STATE_HOME/cc-ci`, `~/.local/state/cc-ci`. */
export function stateDir(flag?: string): string {
  const { XDG_STATE_HOME } = process.env
  return resolve(
    flag || fromEnvironment('CC_CI_STATE') || join(XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'cc-ci'),
  )
}

/** Where facts about this machine are remembered that any state folder may share: `$XDG_CACHE_HOME/cc-ci`, `~/.cache/cc-ci`. */
export function cacheDir(): string {
  return resolve(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cc-ci')
}

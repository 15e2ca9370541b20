import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where what is costly to make and safe to delete is kept: below `$XDG_CACHE_HOME/cc-ci`. */
export function cacheDir(...parts: string[]): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cc-ci', ...parts)
}

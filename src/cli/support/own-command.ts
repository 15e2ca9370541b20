import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What starts this very version of cc-ci anew: by real paths, so that a link that is moved to another version changes no run that goes on. */
export function ownCommand(): readonly string[] {
  const main = realpathSync(fileURLToPath(new URL('../main.ts', import.meta.url)))
  return [process.execPath, '--disable-warning=ExperimentalWarning', main]
}

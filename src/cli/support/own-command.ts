import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What starts this very version of cc-ci again: by real paths, so that a link that is moved to another version changes no run that is under way. */
export function ownCommand(): readonly string[] {
  const main = realpathSync(fileURLToPath(new URL('../main.ts', import.meta.url)))
  return [process.execPath, '--disable-warning=ExperimentalWarning', ...asPackage(main), main]
}

/** What `bin/cc-ci` adds where this is an installed package. */
function asPackage(main: string): readonly string[] {
  if (!main.includes('/node_modules/')) return []
  return ['--import', fileURLToPath(new URL('../../../bin/strip-types.mjs', import.meta.url))]
}

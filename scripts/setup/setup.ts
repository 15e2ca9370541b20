import { FIXTURE_IMAGES, fixtureImagesPart } from '../../fixtures/images/index.ts'
import { CcCiError } from '../../src/lib/errors.ts'
import { formatDuration } from '../../src/lib/text/duration.ts'
import { installPackages } from '../../src/machine/apt.ts'
import { reportBrowser } from '../../src/machine/browser.ts'
import { occasionalParts } from '../../src/machine/image-parts.ts'
import { whichProgram } from '../../src/machine/packages.ts'
import { type MachinePart, missing, ok } from '../../src/machine/part.ts'
import { stateDir } from '../../src/machine/state-dir.ts'
import { engineUp } from '../../src/machine/up.ts'
import { reportVips } from '../../src/machine/vips.ts'

/** `npm run setup`: all the machine needs, and the images of sandbox, dependencies and fixtures; `--for pocketbase,todo` builds only theirs. */
const started = Date.now()
const log = (line: string) => process.stdout.write(`${formatDuration(Date.now() - started).padStart(8)}  ${line}\n`)
const flag = process.argv.indexOf('--for')
const recipes = flag < 0 ? Object.keys(FIXTURE_IMAGES) : (process.argv[flag + 1] ?? '').split(',')

const fixtures = fixtureImagesPart(recipes)

/** Runs have their browser in a container; the tests of the server look at its pages with one of this machine. */
const browser: MachinePart = {
  id: 'test-browser',
  title: 'Browser of the tests',
  action: 'install chromium',
  needs: ['packages'],
  remedy: 'As root on Debian: apt-get install chromium fonts-liberation.',
  inspect: async () => {
    const path = whichProgram('chromium')
    return path ? ok(path) : missing('not installed: chromium')
  },
  repair: () => installPackages(['chromium', 'fonts-liberation']),
}

try {
  await engineUp({ state: stateDir(), log, extra: flag < 0 ? [fixtures, browser, ...occasionalParts] : [fixtures] })
  await reportVips(log)
  await reportBrowser(log)
  log('set-up done')
} catch (error) {
  if (!(error instanceof CcCiError)) throw error
  process.stderr.write(`${error.describe()}\n`)
  process.exitCode = error.exitCode
}

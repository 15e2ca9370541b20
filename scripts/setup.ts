import { ensureFixtureImages, FIXTURE_IMAGES, missingFixtureImages } from '../fixtures/images/index.ts'
import { formatDuration } from '../src/lib/duration.ts'
import { CcCiError } from '../src/lib/errors.ts'
import { occasionalParts } from '../src/machine/image-parts.ts'
import { type MachinePart, missing, ok } from '../src/machine/part.ts'
import { stateDir } from '../src/machine/state-dir.ts'
import { engineUp } from '../src/machine/up.ts'
import { reportVips } from '../src/machine/vips.ts'

/** `npm run setup`: all the machine needs, and the images of sandbox, dependencies and fixtures; `--for pocketbase,todo` builds only theirs. */
const started = Date.now()
const log = (line: string) => process.stdout.write(`${formatDuration(Date.now() - started).padStart(8)}  ${line}\n`)
const flag = process.argv.indexOf('--for')
const recipes = flag < 0 ? Object.keys(FIXTURE_IMAGES) : (process.argv[flag + 1] ?? '').split(',')

const fixtures: MachinePart = {
  id: 'fixtures',
  title: 'Fixture images',
  action: `build the images of ${recipes.join(', ')}`,
  needs: ['engine', 'packages'],
  remedy: 'Check that apt and pip reach their registries, then run it again.',
  async look() {
    const lacking = await missingFixtureImages(recipes)
    return lacking.length === 0 ? ok('built') : missing(`not built: ${lacking.join(', ')}`)
  },
  async mend({ builder }) {
    await ensureFixtureImages(recipes, { builder })
  },
}

try {
  await engineUp({ state: stateDir(), log, extra: flag < 0 ? [fixtures, ...occasionalParts] : [fixtures] })
  await reportVips(log)
  log('set-up done')
} catch (error) {
  if (!(error instanceof CcCiError)) throw error
  process.stderr.write(`${error.describe()}\n`)
  process.exitCode = error.exitCode
}

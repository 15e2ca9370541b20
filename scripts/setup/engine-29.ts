import { CcCiError } from '../../src/lib/errors.ts'
import { formatDuration } from '../../src/lib/text/duration.ts'
import { ensureEngine29 } from './engine-29/build.ts'

/** What the tests on a current engine need beyond `npm run setup`: that engine, built once per machine. */
const started = Date.now()
const log = (line: string) => process.stdout.write(`${formatDuration(Date.now() - started).padStart(8)}  ${line}\n`)

try {
  log(`current engine: ${await ensureEngine29(log)}`)
} catch (error) {
  if (!(error instanceof CcCiError)) throw error
  process.stderr.write(`${error.describe()}\n`)
  process.exitCode = error.exitCode
}

import { buildProgram } from './program.ts'
import { reportError } from './support/report-error.ts'
import { guardStandardStreams } from './support/standard-streams.ts'

guardStandardStreams()
const argv = process.argv.slice(2)
try {
  await buildProgram().parseAsync(argv, { from: 'user' })
} catch (error) {
  process.exitCode = reportError(error, argv)
}

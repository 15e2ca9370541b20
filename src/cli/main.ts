import { buildProgram } from './program.ts'
import { reportError } from './report-error.ts'
import { guardStandardStreams } from './standard-streams.ts'

guardStandardStreams()
const argv = process.argv.slice(2)
try {
  await buildProgram().parseAsync(argv, { from: 'user' })
} catch (error) {
  process.exitCode = reportError(error, argv)
}

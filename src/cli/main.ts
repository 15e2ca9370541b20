import { buildProgram } from './program.ts'
import { reportError } from './report-error.ts'

const argv = process.argv.slice(2)
try {
  await buildProgram().parseAsync(argv, { from: 'user' })
} catch (error) {
  process.exitCode = reportError(error, argv)
}

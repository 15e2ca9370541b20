import { buildProgram } from './program.ts'
import { reportError } from './report-error.ts'

// `cc-ci runs | head`: a reader that has seen enough is no error, and a run goes on to its teardown with nobody listening.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const argv = process.argv.slice(2)
try {
  await buildProgram().parseAsync(argv, { from: 'user' })
} catch (error) {
  process.exitCode = reportError(error, argv)
}

import { EXIT } from '../lib/errors.ts'

/**
 * A reader that has seen enough (`cc-ci runs | head`) is no error, and a run goes on to its teardown with nobody listening. Output that a full disk does not take
 * ends nothing either; but what was asked for is not there then, so that a command which would have ended well ends with `unverified`, and says why on standard error.
 */
export function guardStandardStreams(): void {
  let lost: Error | null = null
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') lost ??= error
  })
  // Nobody is left to tell.
  process.stderr.on('error', () => {})
  process.on('exit', () => {
    if (lost === null) return
    process.stderr.write(`cc-ci: standard output is not complete: ${lost.message}\n`)
    process.exitCode ||= EXIT.unverified
  })
}

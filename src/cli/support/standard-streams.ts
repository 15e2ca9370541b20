import { EXIT } from '../../lib/errors.ts'

let lost: Error | null = null
let outputIsLog = false

/**
 * A reader that has seen enough (`cc-ci runs | head`) is no error: the command, a run with its teardown too, continues with nobody listening and ends with the
 * status it would have had. So it does where standard output or error is closed from the beginning (`>&-`): Node opens /dev/null in its place. Output that
 * a full disk does not take ends nothing either; but what was asked for is not there then, so a command that would have ended well ends with
 * `unverified`, and says why on standard error.
 */
export function guardStandardStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') lost ??= error
  })
  // There is no place left to report it.
  process.stderr.on('error', () => {})
  process.on('exit', () => {
    if (lost === null || outputIsLog) return
    process.stderr.write(`cc-ci: standard output is not complete: ${lost.message}\n`)
    process.exitCode ||= EXIT.unverified
  })
}

/** A server's standard output is its log: lines that a full disk lost, perhaps weeks ago, do not make its end a failure. */
export function standardOutputIsLog(): void {
  outputIsLog = true
}

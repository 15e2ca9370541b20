import { CommanderError } from 'commander'
import { CcCiError, EXIT, InfraError, messageOf } from '../../lib/errors.ts'
import { isNoSpace } from '../../lib/files/no-space.ts'

/** Prints an error for a person (and as JSON on stdout when `--json -` was asked for) and gives the exit code. */
export function reportError(thrown: unknown, argv: readonly string[]): number {
  const error = !(thrown instanceof CcCiError) && isNoSpace(thrown) ? noSpace(thrown) : thrown
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage
  if (error instanceof CcCiError) {
    process.stderr.write(`cc-ci: ${error.describe()}\n`)
    if (wantsJson(argv)) process.stdout.write(`${JSON.stringify({ error: errorJson(error) })}\n`)
    return error.exitCode
  }
  const stack = error instanceof Error ? error.stack : undefined
  process.stderr.write(
    `cc-ci: internal error: ${stack ?? messageOf(error)}\n  Please report this; it says nothing about the recipe.\n`,
  )
  return EXIT.internal
}

function noSpace(error: Error): InfraError {
  const hint = 'Make room where the state folder is, or name another one with --state.'
  return new InfraError('disk-full', error.message, { hint, cause: error })
}

function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (arg, index) =>
      arg === '--json=-' || (arg === '--json' && (argv[index + 1] === '-' || argv[index + 1] === undefined)),
  )
}

/** An error as the JSON of a command has it. */
export function errorJson({ code, blame, message, hint, where }: CcCiError) {
  return { code, blame, message, hint: hint ?? null, where: where ?? null }
}

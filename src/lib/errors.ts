import { formatLocation, type SourceLocation } from './text/source-location.ts'

/** Exit codes of every command (fixed: scripts and servers read them). */
export const EXIT = { pass: 0, fail: 1, usage: 2, unverified: 3, internal: 4, sigint: 130, sigterm: 143 } as const

/** Who has to act after an error: the person at the keyboard, the recipe, the machine, or cc-ci itself. */
export type ErrorBlame = 'user' | 'recipe' | 'infra' | 'ci'

/** What is wrong with an order, for whoever has to answer it. */
export type ErrorKind =
  /** What it names is not there. */
  | 'not-found'
  /** What it names was there. */
  | 'gone'
  /** It has the right shape and does not fit what is there. */
  | 'conflict'
  /** It, or something it brings, is too large. */
  | 'too-large'
  /** It cannot be understood. */
  | 'invalid'
  /** What it needs is away for the moment. */
  | 'unavailable'
  /** Another server did not do its part. */
  | 'upstream'

export interface ErrorDetails {
  readonly kind?: ErrorKind
  /** What to do about it, as an instruction. */
  readonly hint?: string
  readonly where?: SourceLocation
  readonly cause?: unknown
}

/**
 * Every error that cc-ci raises on purpose. `code` is stable and kebab-case; the message says what happened and what was
 * found; the hint says what to do. Only the command line turns errors into exit codes.
 */
export abstract class CcCiError extends Error {
  abstract readonly blame: ErrorBlame
  abstract readonly exitCode: number
  readonly code: string
  readonly hint?: string
  readonly where?: SourceLocation
  readonly kind?: ErrorKind

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.hint = details.hint
    this.where = details.where
    this.kind = details.kind
  }

  /** One paragraph for a terminal: place, message, remedy. */
  describe(): string {
    const place = this.where ? `${formatLocation(this.where)}: ` : ''
    return `${place}${this.message}${this.hint ? `\n  ${this.hint}` : ''}`
  }
}

/** The command was called wrongly, or names something that does not exist. */
export class UsageError extends CcCiError {
  readonly blame = 'user'
  readonly exitCode = EXIT.usage
}

/** The recipe on disk cannot be read as one. */
export class RecipeError extends CcCiError {
  readonly blame = 'recipe'
  readonly exitCode = EXIT.usage
}

/** Several problems of one recipe, reported together. */
export class RecipeErrors extends RecipeError {
  readonly errors: readonly RecipeError[]

  constructor(errors: readonly RecipeError[]) {
    super(errors[0]?.code ?? 'compose-invalid', errors.map((e) => e.describe()).join('\n'))
    this.errors = errors
  }
}

/** The engine or the machine did not do its part. `exitCode` 2 before a run has begun, because nothing was judged. */
export class InfraError extends CcCiError {
  readonly blame = 'infra'
  readonly exitCode = EXIT.usage
}

/** A wait or an engine call reached its deadline with no decisive sign. */
export class DeadlineError extends CcCiError {
  readonly blame = 'infra'
  readonly exitCode = EXIT.unverified
}

/** The run was asked to stop. */
export class CancelledError extends CcCiError {
  readonly blame = 'user'
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'abort' = 'abort') {
    super('cancelled', `stopped by ${signal}`)
    this.exitCode = signal === 'SIGTERM' ? EXIT.sigterm : EXIT.sigint
  }
}

/** A broken promise inside cc-ci: never the recipe's fault. */
export class InternalError extends CcCiError {
  readonly blame = 'ci'
  readonly exitCode = EXIT.internal
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

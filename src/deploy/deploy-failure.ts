import { CcCiError, type ErrorBlame, EXIT } from '../lib/errors.ts'
import type { Blame, Cause } from '../verdict/causes.ts'

const BLAMES: Readonly<Record<Blame, ErrorBlame>> = { recipe: 'recipe', upstream: 'recipe', infra: 'infra', ci: 'ci' }

/** A release cannot be deployed, and why is known: `found` is the cause of the tier, and its code is the error's code. */
export class DeployFailure extends CcCiError {
  readonly blame: ErrorBlame
  readonly exitCode = EXIT.fail
  readonly found: Cause

  constructor(found: Cause, error?: unknown) {
    super(found.code, found.message, { hint: found.hint, cause: error })
    this.blame = BLAMES[found.blame]
    this.found = found
  }
}

import { InfraError } from '../../lib/errors.ts'
import { type CauseCode, cause } from '../../verdict/causes.ts'
import type { CheckRef } from '../../verdict/checks.ts'
import { TierStop } from '../context.ts'

/**
 * What the code itself brought upon its sandbox, as the end of the tier: the container ends under a program only when that used more than it may,
 * and the gate is refused for labels of the recipe. Any other error comes back as it is.
 */
export function sandboxTrouble(check: CheckRef, code: CauseCode, error: unknown): unknown {
  if (!(error instanceof InfraError)) return error
  if (error.code === 'sandbox-lost') {
    const hint = 'It used more memory or processes than a sandbox has.'
    return new TierStop(check, cause(code, `the sandbox ended under it: ${error.message}`, { hint }))
  }
  if (error.code === 'gate-refused') {
    const why = cause('policy-refused', error.message, error.hint ? { hint: error.hint } : {})
    return new TierStop(check, why, 'unverified')
  }
  return error
}

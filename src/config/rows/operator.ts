import { z } from 'zod'
import { POLICY_CODES } from '../../verdict/policy-codes.ts'
import { operatorSetting } from '../row.ts'

/** What only the operator decides. */
export const operatorRows = {
  'policy.allow': operatorSetting(z.array(z.enum(POLICY_CODES)).max(POLICY_CODES.length), {
    earlier: null,
    what: "What the recipe's compose files may ask of the engine although the policy refuses it.",
    default: [],
    example: ['host-port'],
  }),
  'policy.lint': operatorSetting(z.enum(['report', 'enforce']), {
    earlier: null,
    what: 'Whether a failed lint fails the run, or only its own rung.',
    default: 'report',
    example: 'enforce',
  }),
}

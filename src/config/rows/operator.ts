import { z } from 'zod'
import { POLICY_CODES } from '../../verdict/policy-codes.ts'
import { quarantineEntry } from '../formats.ts'
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
  quarantine: operatorSetting(z.array(quarantineEntry).max(50), {
    earlier: null,
    what: 'Custom tests that are known to be flaky, each with why and the last day (UTC) on which it decides nothing. They run and are shown; neither a pass nor a fail of them counts, a failed one keeps the rung from being reached, and no canonical is kept of such a run. `file` and `test` as the results name them.',
    default: [],
    example: [
      {
        file: 'cc-ci/tests/custom/login.spec.ts',
        test: 'logs in',
        reason: 'upstream issue 123: the session is lost now and then',
        expires: '2027-01-31',
      },
    ],
  }),
}

import { z } from 'zod'
import { type LimitedCode, MOST_DEFAULTS, POLICY_CODES } from '../../verdict/policy-codes.ts'
import { memory, quarantineEntry } from '../formats.ts'
import { operatorSetting } from '../row.ts'

const counts = Object.fromEntries(
  Object.keys(MOST_DEFAULTS).map((kind) => [kind, z.int().min(0).max(10_000).optional()]),
) as Record<LimitedCode, z.ZodOptional<z.ZodInt>>

/** What only the operator decides. */
export const operatorRows = {
  'policy.allow': operatorSetting(z.array(z.enum(POLICY_CODES)).max(POLICY_CODES.length), {
    earlier: null,
    what: "What the recipe's compose files may ask of the engine although the policy refuses it.",
    default: [],
    example: ['host-port'],
  }),
  'policy.most': operatorSetting(z.strictObject(counts), {
    earlier: null,
    what: 'How many services, replicas in all, networks, ports in all, secrets, configs and volumes the recipe may have (`too-many`). What is not named keeps its default.',
    default: MOST_DEFAULTS,
    example: { services: 100 },
  }),
  'policy.lint': operatorSetting(z.enum(['report', 'enforce']), {
    earlier: null,
    what: 'Whether a failed lint fails the run, or only its own rung.',
    default: 'report',
    example: 'enforce',
  }),
  'resources.log': operatorSetting(memory, {
    earlier: null,
    what: 'What the engine keeps of the log of each container, where the recipe sets no smaller bound; older lines go.',
    default: '100m',
    example: '500m',
  }),
  'resources.processes': operatorSetting(z.int().min(64).max(1_000_000), {
    earlier: null,
    what: 'How many processes each container of the app may have, threads among them, where the recipe sets no smaller bound. All of them together stay below a quarter of what the kernel of the machine can number.',
    default: 2048,
    example: 8192,
  }),
  'resources.disk': operatorSetting(memory, {
    earlier: null,
    what: 'What the app may hold on the disk of the engine in its volumes and in the layers of its containers; beyond it the run ends (`disk-full`). What must stay free on the machine whatever is set here: `CC_CI_DISK_RESERVE`.',
    default: '10g',
    example: '30g',
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

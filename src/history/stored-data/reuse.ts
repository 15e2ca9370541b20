import type { RunPlan } from '../../lifecycle/plan.ts'
import { POLICY_CODES, type PolicyCode } from '../../verdict/policy-codes.ts'

/** Compose files that were allowed these may keep data where no volume of the stack is. */
const BEYOND_VOLUMES: readonly PolicyCode[] = POLICY_CODES.filter((code) =>
  ['bind-mount', 'engine-socket', 'driver-bind', 'foreign-volume'].includes(code),
)

/** Why the volumes of an app are not enough to have it again in another run, for a person; null where the rule has nothing against it. */
export const AGAINST_REUSE = {
  /** Data that lies elsewhere would be missing. */
  'beyond-volumes': (plan) => {
    const allowed = BEYOND_VOLUMES.filter((code) => plan.allowed.includes(code))
    const out = [...allowed.map((code) => `the policy allows ${code}`), ...outOfReach(plan)]
    return out.length > 0 ? `data may lie outside of its volumes: ${out.join(', ')}` : null
  },
  /** Its data has accounts and keys of something that goes with the run. */
  deps: (plan) => {
    const { deps } = plan.settings.settings
    return deps.length > 0 ? `its data belongs to ${deps.join(', ')}, made for this run alone` : null
  },
  /** They are run before every installation, and would give another environment than the data was made with. */
  'made-anew': ({ custom }) => {
    const { installSteps, functions } = custom.admitted
    const names = [
      ...(installSteps ? [installSteps.shown] : []),
      ...(functions.has('env') ? ['env as a function'] : []),
    ]
    return names.length > 0
      ? `${names.join(' and ')} would generate other values than those its data was made with`
      : null
  },
} as const satisfies Record<string, (plan: RunPlan) => string | null>

/** Volumes that the toolbox does not see, or that a driver keeps elsewhere. */
function outOfReach({ head, upgrade, app }: RunPlan): string[] {
  const { services, volumes } = (upgrade ?? head).stack.model
  const used = new Set(Object.values(services).flatMap(({ volumes = [] }) => volumes.map(({ source }) => source)))
  return Object.entries(volumes).flatMap(([key, { name, external, driver, driver_opts: options }]) => {
    if (!used.has(key)) return []
    const own = !external && (name === undefined || name.startsWith(`${app.stack}_`))
    const local = (driver === undefined || driver === 'local') && options === undefined
    return own && local ? [] : [`the volume ${key} is not one of the stack's own`]
  })
}

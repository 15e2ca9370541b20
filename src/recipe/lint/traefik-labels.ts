import { type LabelProblem, labelProblem } from '../traefik/label-problem.ts'
import { isUsable, type TraefikConfig, traefikConfigs } from '../traefik/routers.ts'
import { fact } from './coop-cloud.ts'
import type { LintContext, LintFact } from './rule.ts'

const NONE = 'no service has labels of Traefik'

/** CC15, CC16: the labels whose names are wrong, as errors or as warnings. */
export function unknownTraefikLabels({ stack }: LintContext, severity: LabelProblem['severity']): LintFact[] | string {
  const labels = Object.entries(stack.model.services).flatMap(([service, { deploy }]) =>
    Object.keys(deploy?.labels ?? {}).flatMap((label) => (/^traefik\./i.test(label) ? [{ service, label }] : [])),
  )
  if (labels.length === 0) return NONE
  const wrong = labels.flatMap(({ service, label }) => {
    const found = labelProblem(label)
    return found?.severity === severity ? [{ service, label, problem: found.message }] : []
  })
  if (wrong.length === 0) return [{ subject: `${labels.length} labels` }]
  return wrong.map(({ service, label, problem }) =>
    fact(`${service}: ${label}`, false, problem, stack.place(['services', service, 'deploy', 'labels', label])),
  )
}

/** CC17 */
export function ruledRouters({ stack }: LintContext): LintFact[] | string {
  const configs = traefikConfigs(stack).filter(({ enabled }) => enabled !== false)
  const facts = configs.flatMap(({ service, routers }) =>
    routers.map((router) => {
      const { protocol, name, options } = router
      const where = stack.place([
        'services',
        service,
        'deploy',
        'labels',
        `traefik.${protocol}.routers.${name}.${options[0]}`,
      ])
      return fact(
        `${service}: router ${name}`,
        isUsable(router),
        `has ${options.join(', ') || 'an empty rule'}, but no rule`,
        where,
      )
    }),
  )
  const enabled = configs.filter((config) => config.enabled)
  if (enabled.length > 0 && !configs.some(({ routers }) => routers.some(isUsable))) {
    const [{ service }] = enabled as [TraefikConfig]
    const where = stack.place(['services', service, 'deploy', 'labels', 'traefik.enable'])
    facts.push(
      fact(`service ${service}`, false, 'has traefik.enable=true, but no router of the stack has a rule', where),
    )
  }
  return facts.length > 0 ? facts : 'no service has a router'
}

/** CC18 */
export function idleTraefikLabels({ stack }: LintContext): LintFact[] | string {
  const configs = traefikConfigs(stack)
  if (configs.length === 0) return NONE
  return configs.map((config) => {
    const { service } = config
    const where = stack.place(['services', service, 'deploy', 'labels', [...config.labels.keys()][0] ?? ''])
    const problem = idleReason(config)
    return fact(`service ${service}`, problem === null, problem ?? '', where)
  })
}

function idleReason({ enabled, labels }: TraefikConfig): string | null {
  const configures = [...labels.keys()].filter((key) => /^traefik\.(http|tcp|udp)\./.test(key))
  if (enabled === null && configures.length > 0) return `has ${configures[0]}, but not traefik.enable=true`
  if (enabled && configures.length === 0) return 'has traefik.enable=true, but nothing says where it is to be reached'
  return null
}

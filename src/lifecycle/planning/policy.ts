import type { Release } from '../../deploy/deployer.ts'
import { foreignEdge } from '../../edge/address.ts'
import { formatLocation } from '../../lib/text/source-location.ts'
import { policyProblems } from '../../recipe/policy/policy.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import type { PolicyLimits } from '../../verdict/policy-codes.ts'
import type { BaseChoice } from '../base/base-choice.ts'

/** One thing that the compose files ask for and may not have. */
export interface PolicyRefusal {
  readonly code: string
  readonly message: string
  readonly where: string | null
}

/** What head and base ask of the engine beyond what the policy and the operator allow. */
export function policyRefusals(plan: {
  readonly head: Release
  readonly base: BaseChoice
  /** Head with the base's environment is another stack than head as a new app. */
  readonly upgrade: Release | null
  readonly allowed: readonly string[]
  readonly most: PolicyLimits
}): PolicyRefusal[] {
  const { head, upgrade, base, allowed, most } = plan
  const named = [
    { release: head, which: '' },
    ...(upgrade ? [{ release: upgrade, which: '' }] : []),
    ...(base.kind === 'base' ? [{ release: base.release, which: `the base ${base.ref.version}: ` }] : []),
    ...(base.kind === 'base' ? base.via : []).map(({ ref, release }) => ({
      release,
      which: `${ref.version}, on the way: `,
    })),
  ]
  const strictHosts = foreignEdge() !== null
  const rows = named.flatMap(({ release: { stack, app }, which }) =>
    policyProblems(stack, app.stack, { allow: allowed, domain: app.domain, strictHosts, most }).map(
      ({ code, path, message }) => {
        const place = stack.place(path)
        return { code, message: `${which}${message}`, where: place ? formatLocation(place) : null }
      },
    ),
  )
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()]
}

export function policyCause(refusals: readonly PolicyRefusal[]): Cause {
  const codes = [...new Set(refusals.map(({ code }) => code))].join(',')
  const lines = refusals.map(({ code, message, where }) => `${where ? `${where}: ` : ''}${message} [${code}]`)
  return cause('policy-refused', `the compose files ask for what this server does not allow: ${codes}`, {
    lines,
    hint: `Remove it; or the operator allows it for this recipe: \`policy: { allow: [${codes}] }\` in their cc-ci.yml, or \`--allow ${codes}\`.`,
  })
}

import type { Release } from '../deploy/deployer.ts'
import { formatPlace } from '../lib/place.ts'
import { policyProblems } from '../recipe/policy.ts'
import { type Cause, cause } from '../verdict/causes.ts'

/** One thing that the compose files ask for and may not have. */
export interface PolicyRefusal {
  readonly code: string
  readonly message: string
  readonly where: string | null
}

/** What head and base ask of the engine beyond what the policy and the operator allow. */
export function policyRefusals(plan: {
  readonly head: Release
  readonly base: Release | null
  readonly allowed: readonly string[]
}): PolicyRefusal[] {
  const releases = [plan.head, ...(plan.base ? [plan.base] : [])]
  const rows = releases.flatMap(({ stack, app, version, commit }, index) =>
    policyProblems(stack, app.stack, plan.allowed).map(({ code, path, message }) => {
      const place = stack.place(path)
      const which = index === 0 ? '' : `the base ${version ?? commit.slice(0, 8)}: `
      return { code, message: `${which}${message}`, where: place ? formatPlace(place) : null }
    }),
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

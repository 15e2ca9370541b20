import { EXIT } from '../lib/errors.ts'
import { type PlannedLeg, planLegs } from '../lifecycle/base/planned-legs.ts'
import { type Legs, legsOf } from '../lifecycle/base/requested-bases.ts'
import type { Head } from '../lifecycle/plan.ts'
import type { Cause } from '../verdict/causes.ts'
import type { RecipeOptions } from './program/options.ts'
import { planJson, tierText } from './support/plan-view.ts'
import { canonicalOptions, withHead } from './support/with-plan.ts'

/** `cc-ci plan` with several bases: where each upgrade would start and what is known of it beforehand. */
export function planSeveral(recipe: string, options: RecipeOptions, bases: readonly string[]): Promise<number> {
  return withHead(recipe, options, async (head, request, planning) => {
    const { found, legs } = await planning(async () => {
      const found = await legsOf(head, bases)
      return { found, legs: await planLegs(head, request, { legs: found.legs, wish: canonicalOptions(options) }) }
    })
    const seen = { head, found, legs, asked: options.base }
    process.stdout.write(options.json ? `${JSON.stringify(severalJson(seen), null, 2)}\n` : `${severalText(seen)}\n`)
    return EXIT.pass
  })
}

interface Seen {
  readonly head: Head
  readonly found: Legs
  readonly legs: readonly PlannedLeg[]
  readonly asked: string
}

function severalJson({ head: { repo, commit, worktree }, found, legs, asked }: Seen) {
  return {
    recipe: { name: repo.name, origin: repo.origin, commit, dirty: worktree },
    ...{ asked, considered: found.considered, nothing: found.nothing },
    legs: legs.map((leg) => ({
      base: leg.base,
      named: leg.leg.named,
      kind: leg.kind,
      reason: leg.kind === 'skip' ? leg.reason : null,
      cause: leg.kind === 'unverified' ? leg.cause : null,
      plan: leg.plan && planJson(leg.plan),
    })),
  }
}

function severalText({ head: { repo, commit, worktree }, found, legs, asked }: Seen): string {
  const { nothing, considered } = found
  return [
    `recipe    ${repo.name} at ${commit.slice(0, 8)}${worktree ? ' with uncommitted changes' : ''}`,
    `from      ${repo.origin}`,
    `bases     ${asked}: ${legs.filter(({ kind }) => kind === 'judged').length} runs`,
    ...considered.map((line) => `          ${line}`),
    ...(nothing === null
      ? []
      : [`          nothing to upgrade from: ${typeof nothing === 'string' ? nothing : causeText(nothing)}`]),
    ...legs.flatMap((leg) => ['', ...legText(leg)]),
  ].join('\n')
}

function legText(leg: PlannedLeg): string[] {
  const { base, kind, plan } = leg
  const way = [base.version, ...base.via, 'head'].join(' → ')
  if (kind === 'skip') return [`${way}`, `  left out: ${leg.reason}`]
  if (kind === 'unverified') return [`${way}`, `  will be unverified: ${causeText(leg.cause)}`]
  const chosen = plan.base.kind === 'base' ? plan.base : null
  return [
    way,
    `  differs   ${(chosen?.differs ?? []).join(', ') || 'unknown'}`,
    `  upgrade   ${tierText(plan, 'upgrade')}`,
    ...(plan.selected.includes('rollback') ? [`  rollback  ${tierText(plan, 'rollback')}`] : []),
    ...plan.losses.map(({ subject, message }) => `  left out  ${message} (${subject})`),
    ...plan.policy.map(({ code, message, where }) => `  refused: ${where ? `${where}: ` : ''}${message} [${code}]`),
  ]
}

function causeText({ code, message, hint }: Cause): string {
  return `${code}: ${message}${hint ? `\n    ${hint}` : ''}`
}

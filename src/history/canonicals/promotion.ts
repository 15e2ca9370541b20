import type { RunPlan } from '../../lifecycle/plan.ts'
import type { PromotionFacts } from '../../lifecycle/stored-data/canonical.ts'
import { volumesOf } from '../../lifecycle/stored-data/copy-data.ts'
import type { TierResult } from '../../verdict/results.ts'
import { TIERS, USUAL_TIERS } from '../../verdict/tiers.ts'
import { AGAINST_REUSE } from '../stored-data/reuse.ts'

interface Rule {
  /** Why the data of such a run is not kept, for a person; null where the rule has nothing against it. */
  readonly against: (facts: PromotionFacts) => string | null
}

/**
 * THE rules of promotion. A canonical stands for what operators have: a released version, as it is after a green life that began with nothing. Whoever
 * starts from it trusts all of this without having seen it.
 */
export const PROMOTION_RULES = {
  /** Operators have releases; whatever else was green may never be one. */
  'not-released': {
    against: ({ plan: { repo, head } }) =>
      repo.versions.some(({ commit }) => commit === head.commit)
        ? null
        : `${head.commit.slice(0, 8)} is no released version: no annotated tag is on it`,
  },
  /** Nobody can have what was never committed. */
  dirty: { against: ({ plan }) => (plan.headSource.dirty ? 'the work tree has uncommitted changes' : null) },
  /** It did not judge backup, restore, resilience and a new installation. */
  quick: { against: ({ plan }) => (plan.request.quick ? 'it is a quick run' : null) },
  /** What runs at its end is the version before, with the data of that. */
  'rolled-back': {
    against: ({ plan: { selected, skips } }) =>
      selected.includes('rollback') && !skips.has('rollback') ? 'it was put back to the version before' : null,
  },
  /** It belongs to another run. */
  attached: { against: ({ plan }) => (plan.attached ? 'its app is that of another run' : null) },
  'left-out': {
    against: ({ plan }) => {
      const left = USUAL_TIERS.filter((tier) => !plan.selected.includes(tier))
      return left.length > 0 && !plan.request.quick ? `not judged: ${left.join(', ')}` : null
    },
  },
  /** A tier that the recipe could have had judged, and says no to. What the files leave no doubt about is structural, declared or not. */
  declared: {
    against: ({ plan, results }) => {
      const declared = results.tiers.filter((tier) => isChoice(plan, tier)).map(({ id }) => id)
      return declared.length > 0 ? `the settings leave out ${declared.join(', ')}` : null
    },
  },
  /** Of an upgrade that was not wanted nothing is known. */
  'no-base': {
    against: ({ plan: { base } }) =>
      base.kind === 'none' && base.skip === 'not-selected' ? 'its upgrade was not judged (--base none)' : null,
  },
  'not-green': {
    against: ({ results }) => {
      const wrong = results.tiers.filter(
        ({ id, status }) => decides(id) && (status === 'fail' || status === 'unverified'),
      )
      return wrong.length > 0 ? `not green: ${wrong.map(({ id, status }) => `${id} ${status}`).join(', ')}` : null
    },
  },
  /** What passes at the second attempt may have data that came about by chance. */
  flaky: { against: ({ results }) => (results.attempts ? 'it passed at the second attempt only' : null) },
  /** A test that decides nothing for now might have told that its data is not what it should be. */
  quarantined: {
    against: ({ results }) => {
      const tests = results.tiers.flatMap(({ tests }) => tests.filter(({ quarantined }) => quarantined))
      return tests.length > 0 ? `in quarantine: ${tests.map(({ title }) => `"${title}"`).join(', ')}` : null
    },
  },
  interrupted: {
    against: ({ results }) => (results.run.interrupted ? `it was stopped (${results.run.interrupted})` : null),
  },
  /** Operators do not have it. */
  overlay: {
    against: ({ plan: { custom } }) =>
      custom.found.overlay ? `${custom.found.overlay.shown} changes what is deployed` : null,
  },
  /** A permission for this once; the next run has none. */
  allowed: {
    against: ({ plan: { request } }) =>
      (request.allow ?? []).length > 0 ? `--allow ${request.allow?.join(',')} is not what others run with` : null,
  },
  /** It would be an installation without anything. */
  'no-volumes': {
    against: ({ plan }) =>
      volumesOf(plan.upgrade ?? plan.head).length === 0 ? 'it has no volume, so there is no data to keep' : null,
  },
  'beyond-volumes': { against: ({ plan }) => AGAINST_REUSE['beyond-volumes'](plan) },
  deps: { against: ({ plan }) => AGAINST_REUSE.deps(plan) },
  'made-anew': { against: ({ plan }) => AGAINST_REUSE['made-anew'](plan) },
  /** What is wrong with the data of one would be handed down forever. */
  inherited: {
    against: ({ plan }) => ('canonical' in plan.canonical ? 'its data came from another canonical' : null),
  },
  /** Two lives put together are not one. */
  resumed: { against: ({ plan }) => (plan.resumed ? `it continued from run ${plan.resumed.run}` : null) },
} as const satisfies Record<string, Rule>

export type RefusalCode = keyof typeof PROMOTION_RULES

/** Whatever speaks against keeping the data of this run, in the order of the table. */
export function refusals(facts: PromotionFacts): { readonly code: RefusalCode; readonly reason: string }[] {
  return (Object.entries(PROMOTION_RULES) as [RefusalCode, Rule][]).flatMap(([code, { against }]) => {
    const reason = against(facts)
    return reason === null ? [] : [{ code, reason }]
  })
}

/** The teardown is judged when all is over, and lint where the operator enforces it. */
function decides(id: TierResult['id']): boolean {
  return TIERS[id].app !== 'last' && TIERS[id].decides === 'always'
}

function isChoice({ base }: RunPlan, { id, status, skipKind }: TierResult): boolean {
  if (status !== 'skip' || skipKind !== 'declared') return false
  return id === 'resilience' || (id === 'upgrade' && base.kind === 'none' && base.skip === 'declared')
}

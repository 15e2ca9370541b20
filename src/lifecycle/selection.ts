import type { BackupPlan } from '../backup/labels.ts'
import type { LoadedSettings } from '../config/load.ts'
import type { Admitted } from '../gate/admit.ts'
import { formatPlace } from '../lib/place.ts'
import type { Finding, SkipKind } from '../verdict/events.ts'
import { TIER_IDS, type TierId } from '../verdict/tiers.ts'
import type { BaseChoice } from './base.ts'

export interface Skip {
  readonly kind: SkipKind
  readonly reason: string
}

/** Tiers that can be judged on an app that another run left up. */
export const ATTACHABLE: readonly TierId[] = ['functional', 'integration']

/** What a quick run judges: whether the recipe comes up, can be upgraded to and does its work; nothing about backups, dependencies and failures. */
export const QUICK_TIERS: readonly TierId[] = ['lint', 'install', 'upgrade', 'functional']

/** What was asked for, what that needs, and the teardown, in the order of the table. */
export function selectedTiers(only: readonly TierId[] | undefined, attached: boolean): TierId[] {
  if (attached) return TIER_IDS.filter((tier) => tier === 'teardown' || (only ?? ATTACHABLE).includes(tier))
  if (!only) return TIER_IDS
  const wanted = new Set<TierId>([...only, 'teardown'])
  if (wanted.has('restore')) wanted.add('backup')
  if (only.some((tier) => tier !== 'lint' && tier !== 'teardown')) wanted.add('install')
  return TIER_IDS.filter((tier) => wanted.has(tier))
}

/** Declared not applicable, though it can be judged: then the judgement stands, and a finding says so. */
export function judgedAllTheSame(settings: LoadedSettings, skips: ReadonlyMap<TierId, Skip>): Finding[] {
  const { backup } = settings.settings
  const incapable: [TierId, string][] = backup.capable === false ? [['backup', 'backup.capable is false']] : []
  return [...incapable, ...declarations(settings.settings)]
    .filter(([tier]) => !skips.has(tier))
    .map(([tier, reason]) => ({
      code: 'judged-all-the-same',
      severity: 'warning',
      message: `${tier} is declared not applicable (${reason}), but it can be judged, and the judgement stands`,
      ...placeOf(settings, tier),
    }))
}

/** Settings that are read and checked, and that no tier of this version looks at. */
const NOT_USED_YET = ['canonical'] as const

/** A setting without effect must not look like one that has it. */
export function settingsNotUsed({ sources }: LoadedSettings): Finding[] {
  return NOT_USED_YET.flatMap((name) => {
    const place = sources.get(name)
    const message = `the setting ${name} has no effect in this version of cc-ci`
    return place ? [{ code: 'setting-not-used', severity: 'warning' as const, message, where: formatPlace(place) }] : []
  })
}

function placeOf({ sources }: LoadedSettings, tier: TierId): { where?: string } {
  const place = sources.get(`notApplicable.${tier}`) ?? sources.get('notApplicable')
  return place ? { where: formatPlace(place) } : {}
}

function declarations({ notApplicable }: LoadedSettings['settings']): [TierId, string][] {
  return Object.entries(notApplicable) as [TierId, string][]
}

/** Every tier that will not be judged, with the reason. A declaration only says why there is no result; it never hides one. */
export function skipsOf(plan: {
  readonly selected: readonly TierId[]
  readonly base: BaseChoice
  readonly backup: BackupPlan
  readonly settings: LoadedSettings
  readonly admitted: Admitted
}): ReadonlyMap<TierId, Skip> {
  const { settings } = plan.settings
  const skips = new Map<TierId, Skip>()
  const structural = (tier: TierId, reason: string) => skips.set(tier, { kind: 'structural', reason })
  if (settings.notApplicable.resilience !== undefined) structural('resilience', settings.notApplicable.resilience)
  else if (!settings.resilience)
    skips.set('resilience', { kind: 'declared', reason: 'nothing may be killed: the setting resilience is false' })
  if (plan.base.kind === 'none')
    skips.set('upgrade', { kind: plan.base.skip ?? 'structural', reason: plan.base.reason })
  if (!plan.backup.capable && settings.backup.capable !== true) {
    structural('backup', plan.backup.reason)
    structural('restore', plan.backup.reason)
  }
  const custom = plan.admitted.specs.some(({ kind }) => kind === 'custom')
  const refused = plan.admitted.refused.some(({ judges, tiers }) => judges && tiers.includes('functional'))
  if (!custom && !refused) structural('functional', 'no custom tests')
  if (settings.deps.length === 0) structural('integration', 'no dependency is declared')
  for (const [tier, reason] of declarations(settings)) {
    if (skips.has(tier)) skips.set(tier, { kind: 'declared', reason })
  }
  for (const tier of TIER_IDS) {
    if (!plan.selected.includes(tier)) skips.set(tier, { kind: 'not-selected', reason: 'not selected (--only)' })
  }
  return skips
}

import { type BackupPlan, backupPlan } from '../../backup/labels.ts'
import type { RecipeCustomization } from '../../config/customization.ts'
import type { LoadedSettings } from '../../config/load.ts'
import type { ApprovedCode } from '../../gate/approved-code.ts'
import { formatLocation } from '../../lib/text/source-location.ts'
import type { Finding, SkipKind } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import { ATTACHABLE, TIER_IDS, TIERS, type TierId, tiersWith, USUAL_TIERS, withNeeds } from '../../verdict/tiers.ts'
import { type BaseChoice, lastBefore } from '../base/base-choice.ts'
import { type ResumedRun, resumeSkipReason } from '../stored-data/checkpoint.ts'

export interface Skip {
  readonly kind: SkipKind
  readonly reason: string
}

/** What was asked for, what that needs, and the teardown, in the order of the table; `also`: beside the usual ones, or those of `only`. */
export function selectedTiers(
  only: readonly TierId[] | undefined,
  { attached, also }: { readonly attached: boolean; readonly also: readonly TierId[] },
): TierId[] {
  if (attached) return TIER_IDS.filter((tier) => TIERS[tier].app === 'last' || (only ?? ATTACHABLE).includes(tier))
  return withNeeds([...(only ?? USUAL_TIERS), ...also, ...tiersWith(({ app }) => app === 'last')])
}

/** Declared not applicable, though it can be judged: then the judgement stands, and a finding says so. */
export function overruledDeclarations(settings: LoadedSettings, skips: ReadonlyMap<TierId, Skip>): Finding[] {
  const { backup } = settings.settings
  const incapable: [TierId, string][] = backup.capable === false ? [['backup', 'backup.capable is false']] : []
  return [...incapable, ...declarations(settings.settings)]
    .filter(([tier]) => !skips.has(tier))
    .map(([tier, reason]) =>
      finding(
        'judged-all-the-same',
        `${tier} is declared not applicable (${reason}), but it can be judged, and the judgement stands`,
        placeOf(settings, tier),
      ),
    )
}

/** The recipe may have meant them for cc-ci; that the application has tests of its own is nobody's business. */
export function specsNotRun({ strayed }: RecipeCustomization): Finding[] {
  return strayed.map((file) =>
    finding(
      'spec-not-run',
      `${file} is not run: cc-ci runs specs below cc-ci/ only; if it is meant for cc-ci, move it to cc-ci/${file}`,
      { where: file },
    ),
  )
}

function placeOf({ sources }: LoadedSettings, tier: TierId): { where?: string } {
  const place = sources.get(`notApplicable.${tier}`) ?? sources.get('notApplicable')
  return place ? { where: formatLocation(place) } : {}
}

function deselectionReason(tier: TierId, { attached, quick, resumed }: Planned): string {
  const again = resumeSkipReason(tier, resumed)
  if (again !== null) return again
  const notHere = attached && !ATTACHABLE.includes(tier)
  return notHere
    ? 'cannot be judged on the app of another run (--attach)'
    : `not selected (${quick ? '--quick' : '--only'})`
}

function declarations({ notApplicable }: LoadedSettings['settings']): [TierId, string][] {
  return Object.entries(notApplicable) as [TierId, string][]
}

interface Planned {
  readonly selected: readonly TierId[]
  readonly base: BaseChoice
  readonly backup: BackupPlan
  readonly settings: LoadedSettings
  readonly admitted: ApprovedCode
  /** The run only looks at the app of another one. */
  readonly attached: boolean
  /** The tiers are those of `--quick`. */
  readonly quick: boolean
  /** Why there is no new installation: the app begins with data that is there. Null: it is a new one. */
  readonly reattached: string | null
  /** The run that this one continues from. */
  readonly resumed: ResumedRun | null
}

/** Why there is nothing to judge in this app, as far as files and settings say; null: there may be. */
const NOTHING_TO_JUDGE: Readonly<Record<TierId, (plan: Planned) => Skip | null>> = {
  lint: () => null,
  install: () => null,
  upgrade: ({ base }) => (base.kind === 'none' ? { kind: base.skip ?? 'structural', reason: base.reason } : null),
  backup: noBackup,
  restore: noBackup,
  functional: ({ admitted }) => {
    const refused = admitted.refused.some(({ isTest, tiers }) => isTest && tiers.includes('functional'))
    const none = !admitted.specs.some(({ kind }) => kind === 'custom') && !refused
    return none ? structural('no custom tests') : null
  },
  integration: ({ settings: { settings } }) =>
    settings.deps.length === 0 ? structural('no dependency is declared') : null,
  resilience: ({ settings: { settings } }) => {
    const { resilience: declared } = settings.notApplicable
    if (declared !== undefined) return { kind: 'declared', reason: declared }
    if (settings.resilience) return null
    return { kind: 'declared', reason: 'nothing may be killed: the setting resilience is false' }
  },
  rollback: noRollback,
  teardown: () => null,
}

/** Of a base that is not known or runs the same the upgrade tier tells, and blocks this one. */
function noRollback({ base }: Planned): Skip | null {
  if (base.kind === 'none') return structural(`there is no upgrade to go back from: ${base.reason}`)
  if (base.kind !== 'base') return null
  const { capable, reason } = backupPlan(lastBefore(base).stack)
  return capable ? null : structural(`the version before cannot be backed up: ${reason}`)
}

function structural(reason: string): Skip {
  return { kind: 'structural', reason }
}

function noBackup({ backup, settings: { settings } }: Planned): Skip | null {
  return !backup.capable && settings.backup.capable !== true ? structural(backup.reason) : null
}

/** Every tier that will not be judged, with the reason. A declaration only says why there is no result; it never hides one. */
export function skipsOf(plan: Planned): ReadonlyMap<TierId, Skip> {
  const declared = new Map(declarations(plan.settings.settings))
  return new Map(
    TIER_IDS.flatMap((tier): [TierId, Skip][] => {
      if (!plan.selected.includes(tier))
        return [[tier, { kind: 'not-selected', reason: deselectionReason(tier, plan) }]]
      if (tier === 'install' && plan.reattached !== null)
        return [[tier, { kind: 'not-selected', reason: plan.reattached }]]
      const skip = NOTHING_TO_JUDGE[tier](plan)
      const reason = declared.get(tier)
      if (skip) return [[tier, reason === undefined ? skip : { kind: 'declared', reason }]]
      return []
    }),
  )
}

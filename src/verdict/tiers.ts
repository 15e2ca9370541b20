import type { EvidenceKind } from './evidence.ts'

/** The rungs of the level (fixed numbers) and what a person calls them. */
export const RUNGS = {
  1: 'install',
  2: 'upgrade',
  3: 'backup + restore',
  4: 'functional',
  5: 'lint',
  6: 'resilience',
} as const

/** Code of a recipe that prepares what tiers look at: the settings that may be functions, and `install-steps.sh`. */
type PreparingCode =
  | 'install-steps'
  | 'env'
  | 'upgrade.env'
  | 'ready'
  | 'screenshot'
  | 'backup.verify'
  | `hooks.${'preInstall' | 'preUpgrade' | 'preBackup' | 'preRestore'}`

/** Test files by what they are for: `tests/<tier>.spec.ts`, and those below `tests/custom/`. */
type TestKind = 'install' | 'upgrade' | 'backup' | 'restore' | 'custom'

/** What was made before the first deployment is there in every tier after it. */
const BEFORE_INSTALL = ['install-steps', 'env', 'hooks.preInstall'] as const satisfies readonly PreparingCode[]
const BEFORE_UPGRADE = ['upgrade.env', 'hooks.preUpgrade'] as const satisfies readonly PreparingCode[]

interface TierRow<Id extends string> {
  /** What happens in it, for a reader. */
  readonly does: string
  /** What it judges, for a reader. */
  readonly judges: string
  /** The rung of the level that it decides; null: none. */
  readonly rung: keyof typeof RUNGS | null
  /** The rung is passed without it where the recipe has nothing for it. */
  readonly optional: boolean
  /** Tiers that must have passed before it can be judged. `--only` takes them along. */
  readonly needs: readonly Id[]
  /**
   * The app it works on. `none`: it reads files, which no fresh stack changes. `first`: it makes the first deployment. `base`: whatever was
   * deployed first. `head`: the version under test, which must serve. `last`: whatever is there when all is over.
   */
  readonly app: 'none' | 'first' | 'base' | 'head' | 'last'
  /** It ends programs of the app on purpose: each must have lasted long enough before. */
  readonly disrupts: boolean
  /** It fails the run, not only its rung. `enforced`: where the operator says so. */
  readonly decides: 'always' | 'enforced'
  /** `--quick` judges it. */
  readonly quick: boolean
  /** `--attach` can judge it on an app that another run left up. */
  readonly attachable: boolean
  /** `notApplicable` may name it. */
  readonly declarable: boolean
  /** Judged only where it is asked for by name; results of other runs have no row of it. */
  readonly byRequest: boolean
  /** Code without which a fault that it finds is not proven to be the recipe's. */
  readonly missesWhenRefused: readonly PreparingCode[]
  /** Tests without which it cannot pass. */
  readonly tests: readonly TestKind[]
  /** Evidence without which it is `unverified`. A list within is met by any one of its kinds. */
  readonly requires: readonly (EvidenceKind | readonly EvidenceKind[])[]
}

/** THE definition of each tier, in the order in which they run; whatever depends on the tier derives from it. How it is done is in `lifecycle/tiers/`. */
const ROWS = defineTiers({
  lint: {
    does: 'nothing',
    judges: "Co-op Cloud's rules and ours",
    rung: 5,
    optional: false,
    needs: [],
    app: 'none',
    disrupts: false,
    decides: 'enforced',
    quick: true,
    attachable: false,
    declarable: false,
    byRequest: false,
    missesWhenRefused: [],
    tests: [],
    requires: ['rules'],
  },
  install: {
    does: 'the version before yours is deployed as a new app',
    judges: "services come up, the app's own task answers through the proxy, a browser shows a page",
    rung: 1,
    optional: false,
    needs: [],
    app: 'first',
    disrupts: false,
    decides: 'always',
    quick: true,
    attachable: false,
    declarable: false,
    byRequest: false,
    missesWhenRefused: [...BEFORE_INSTALL, 'ready', 'screenshot'],
    tests: ['install'],
    requires: ['images', 'tasks', ['http', 'no-http'], ['page', 'page-elsewhere', 'no-http']],
  },
  upgrade: {
    does: 'your version is deployed over it',
    judges: 'it comes up, nothing was rolled back, your commit is what runs, data is still there',
    rung: 2,
    optional: false,
    needs: ['install'],
    app: 'base',
    disrupts: false,
    decides: 'always',
    quick: true,
    attachable: false,
    declarable: true,
    byRequest: false,
    missesWhenRefused: [...BEFORE_INSTALL, ...BEFORE_UPGRADE, 'ready', 'screenshot'],
    tests: ['upgrade'],
    requires: ['identity', 'head-deployed', 'update-status', ['http', 'no-http'], 'witness'],
  },
  backup: {
    does: 'hooks and a restic snapshot, as the backupbot labels say',
    judges: 'the snapshot holds what the labels promise, dumps are whole',
    rung: 3,
    optional: false,
    needs: ['install'],
    app: 'head',
    disrupts: false,
    decides: 'always',
    quick: false,
    attachable: false,
    declarable: true,
    byRequest: false,
    missesWhenRefused: [...BEFORE_INSTALL, ...BEFORE_UPGRADE, 'hooks.preBackup', 'backup.verify'],
    tests: ['backup'],
    requires: ['snapshot', 'hooks', 'coverage'],
  },
  restore: {
    does: 'the machine is lost, then that snapshot is restored, with hooks',
    judges: 'the app comes up on empty volumes; then every database and file is back',
    rung: 3,
    optional: false,
    needs: ['backup'],
    app: 'head',
    disrupts: false,
    decides: 'always',
    quick: false,
    attachable: false,
    declarable: true,
    byRequest: false,
    missesWhenRefused: [...BEFORE_INSTALL, ...BEFORE_UPGRADE, 'hooks.preBackup', 'hooks.preRestore', 'ready'],
    tests: ['restore'],
    requires: ['restored', 'hooks', 'witness', ['http', 'no-http']],
  },
  functional: {
    does: 'nothing',
    judges: 'your own tests',
    rung: 4,
    optional: true,
    needs: ['install'],
    app: 'head',
    disrupts: false,
    decides: 'always',
    quick: true,
    attachable: true,
    declarable: true,
    byRequest: false,
    missesWhenRefused: [...BEFORE_INSTALL, ...BEFORE_UPGRADE],
    // Whatever else was refused, a recipe that brings tests is not one without tests.
    tests: ['install', 'upgrade', 'backup', 'restore', 'custom'],
    requires: ['tests'],
  },
  integration: {
    does: 'dependencies are up since before the deployment',
    judges: 'your own tests that need one',
    rung: 4,
    optional: true,
    needs: ['install'],
    app: 'head',
    disrupts: false,
    decides: 'always',
    quick: false,
    attachable: true,
    declarable: true,
    byRequest: false,
    missesWhenRefused: [...BEFORE_INSTALL, ...BEFORE_UPGRADE],
    tests: ['custom'],
    requires: ['tests', 'provider'],
  },
  resilience: {
    does: "each service's container is killed once, then your version is deployed again",
    judges: 'it comes back and serves, the redeploy restarts nothing, data is still there',
    rung: 6,
    optional: false,
    needs: ['install'],
    app: 'head',
    disrupts: true,
    decides: 'always',
    quick: false,
    attachable: false,
    declarable: true,
    byRequest: false,
    missesWhenRefused: [...BEFORE_INSTALL, ...BEFORE_UPGRADE, 'ready'],
    tests: [],
    requires: ['recovery', ['http', 'no-http'], 'no-op-redeploy', 'witness'],
  },
  rollback: {
    does: 'the version before is put back, with its backup from before the upgrade',
    judges: 'it comes up on empty volumes; then it serves and has the data that it had (only with `--rollback`)',
    rung: null,
    optional: true,
    needs: ['upgrade'],
    app: 'head',
    disrupts: true,
    decides: 'always',
    quick: false,
    attachable: false,
    declarable: false,
    byRequest: true,
    missesWhenRefused: [...BEFORE_INSTALL, ...BEFORE_UPGRADE, 'hooks.preBackup', 'hooks.preRestore', 'ready'],
    tests: [],
    requires: ['rolled-back', 'hooks', 'witness', ['http', 'no-http']],
  },
  teardown: {
    does: 'everything is removed',
    judges: 'nothing of it is left',
    rung: null,
    optional: false,
    needs: [],
    app: 'last',
    disrupts: true,
    decides: 'always',
    quick: false,
    attachable: false,
    declarable: false,
    byRequest: false,
    missesWhenRefused: [],
    tests: [],
    requires: ['ledger'],
  },
})

export type TierId = keyof typeof ROWS
export const TIERS: Readonly<Record<TierId, TierRow<TierId>>> = ROWS

export const TIER_IDS = Object.keys(TIERS) as [TierId, ...TierId[]]

/** Those that `notApplicable` may name. */
export type DeclarableTier = {
  [Id in TierId]: (typeof ROWS)[Id]['declarable'] extends true ? Id : never
}[TierId]
export const DECLARABLE = tiersWith(({ declarable }) => declarable) as [DeclarableTier, ...DeclarableTier[]]

/** Tiers for which this holds, in order. */
export function tiersWith(holds: (tier: TierRow<TierId>) => boolean): TierId[] {
  return TIER_IDS.filter((id) => holds(TIERS[id]))
}

/** Tiers that can be judged on an app that another run left up. */
export const ATTACHABLE: readonly TierId[] = tiersWith(({ attachable }) => attachable)

/** What a quick run judges: whether the recipe comes up, can be upgraded to and does its work; nothing about backups, dependencies and failures. */
export const QUICK_TIERS: readonly TierId[] = tiersWith(({ quick }) => quick)

/** What a run judges of which nothing is said. */
export const USUAL_TIERS: readonly TierId[] = tiersWith(({ byRequest }) => !byRequest)

/** These and all that they need, in order. */
export function withNeeds(wanted: readonly TierId[]): TierId[] {
  const all = new Set(wanted)
  // A set is walked to its end also where it grows meanwhile.
  for (const id of all) for (const need of TIERS[id].needs) all.add(need)
  return TIER_IDS.filter((id) => all.has(id))
}

export function isTierId(text: string): text is TierId {
  return Object.hasOwn(TIERS, text)
}

function defineTiers<const Rows extends { readonly [Id in keyof Rows]: TierRow<Extract<keyof Rows, string>> }>(
  rows: Rows,
): Rows {
  return rows
}

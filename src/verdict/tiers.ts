import type { EvidenceKind } from './evidence.ts'

/**
 * The tiers in the order they run, and the evidence without which each is `unverified`. An entry that is a list is met by
 * any one of its kinds: "answered over HTTP, or shown to have no HTTP route".
 */
export const TIERS = {
  lint: { rung: 5, needs: [], requires: ['rules'] },
  install: {
    rung: 1,
    needs: [],
    requires: ['images', 'tasks', ['http', 'no-http'], ['page', 'page-elsewhere', 'no-http']],
  },
  upgrade: {
    rung: 2,
    needs: ['install'],
    requires: ['identity', 'head-deployed', 'update-status', ['http', 'no-http'], 'witness'],
  },
  backup: { rung: 3, needs: ['install'], requires: ['snapshot', 'hooks', 'coverage'] },
  restore: { rung: 3, needs: ['backup'], requires: ['restored', 'hooks', 'witness', ['http', 'no-http']] },
  functional: { rung: 4, needs: ['install'], requires: ['tests'] },
  integration: { rung: 4, needs: ['install'], requires: ['tests', 'provider'] },
  resilience: { rung: 6, needs: ['install'], requires: ['recovery', ['http', 'no-http'], 'no-op-redeploy', 'witness'] },
  teardown: { rung: null, needs: [], requires: ['ledger'] },
} as const satisfies Record<string, Tier>

interface Tier {
  /** The rung of the level that this tier decides; null: none. */
  readonly rung: number | null
  /** Tiers that must not have failed before this one can be judged. */
  readonly needs: readonly string[]
  readonly requires: readonly (EvidenceKind | readonly EvidenceKind[])[]
}

export type TierId = keyof typeof TIERS

export const TIER_IDS = Object.keys(TIERS) as TierId[]

/** The rungs of the level (fixed numbers) and what a person calls them. */
export const RUNGS = {
  1: 'install',
  2: 'upgrade',
  3: 'backup + restore',
  4: 'functional',
  5: 'lint',
  6: 'resilience',
} as const

export function isTierId(text: string): text is TierId {
  return Object.hasOwn(TIERS, text)
}

import type { Release } from '../../deploy/deployer.ts'
import type { RunPlan } from '../plan.ts'

/** Every release that a run may deploy, those on the way included. */
export function releasesOf({ base, head, upgrade }: Pick<RunPlan, 'base' | 'head' | 'upgrade'>): Release[] {
  const before = base.kind === 'base' ? [base.release, ...base.via.map(({ release }) => release)] : []
  return [...before, upgrade ?? head]
}

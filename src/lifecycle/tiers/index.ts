import type { TierId } from '../../verdict/tiers.ts'
import type { TierRunner } from '../context.ts'
import { backupTier } from './backup.ts'
import { functionalTier } from './functional.ts'
import { installTier } from './install.ts'
import { integrationTier } from './integration.ts'
import { lintTier } from './lint.ts'
import { resilienceTier } from './resilience.ts'
import { restoreTier } from './restore.ts'
import { rollbackTier } from './rollback.ts'
import { teardownTier } from './teardown.ts'
import { upgradeTier } from './upgrade.ts'

/** What each tier of `verdict/tiers.ts` does. */
export const TIER_RUNNERS: Readonly<Record<TierId, TierRunner>> = {
  lint: lintTier,
  install: installTier,
  upgrade: upgradeTier,
  backup: backupTier,
  restore: restoreTier,
  functional: functionalTier,
  integration: integrationTier,
  resilience: resilienceTier,
  rollback: rollbackTier,
  teardown: teardownTier,
}

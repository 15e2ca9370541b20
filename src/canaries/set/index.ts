import type { Canary } from '../canary.ts'
import { BACKUP } from './backup.ts'
import { CUSTOM } from './custom.ts'
import { HEALTHY } from './healthy.ts'
import { INSTALL } from './install.ts'
import { LIBRARY_ILL } from './library-ill.ts'
import { LIBRARY_WELL } from './library-well.ts'
import { MACHINE } from './machine.ts'
import { PAGES } from './pages.ts'
import { PLAN } from './plan.ts'
import { RESILIENCE } from './resilience.ts'
import { UPGRADE } from './upgrade.ts'

/** Every canary by its name: planted faults, and healthy recipes that look like one. A new canary is a new row in one of these. */
export const CANARIES: Readonly<Record<string, Canary>> = {
  ...HEALTHY,
  ...PLAN,
  ...INSTALL,
  ...PAGES,
  ...UPGRADE,
  ...BACKUP,
  ...CUSTOM,
  ...RESILIENCE,
  ...MACHINE,
  ...LIBRARY_WELL,
  ...LIBRARY_ILL,
}

import type { ForgeImplementation, ForgeKind } from '../contract/forge.ts'
import { gitea } from './gitea/gitea.ts'

/** Every kind of forge. A new one implements `src/server/contract/forge.ts` and passes `test/server/forge/contract.test.ts`. */
export const FORGES: Readonly<Record<ForgeKind, ForgeImplementation>> = { gitea }

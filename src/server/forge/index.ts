// cspell:ignore Forgejo
import type { Forge } from '../contract/forge.ts'
import type { CallerOptions } from './gitea/call.ts'
import { giteaForge } from './gitea/forge.ts'

/** Every kind of forge there is. A new one fulfils `src/server/contract/forge.ts` and passes `test/server/forge/contract.test.ts`. */
export const FORGES = {
  /** Forgejo too: it kept Gitea's API. */
  gitea: giteaForge,
} as const satisfies Readonly<Record<string, (options: CallerOptions) => Forge>>

export { giteaForge }

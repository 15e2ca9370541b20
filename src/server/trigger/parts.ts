import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import type { Forge } from '../contract/forge.ts'
import type { Answers } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Store } from '../contract/store.ts'
import type { BaseMemory } from '../memory/against-base.ts'
import type { Replies } from './replies.ts'

/** What the triggers are made of. */
export interface TriggerParts {
  readonly store: Store
  readonly forge: Forge
  readonly settings: Pick<ServerSettings, 'runMemoryBytes' | 'runDeadlineMs'>
  readonly answers: Pick<Answers, 'runChanged'>
  readonly replies: Replies
  readonly memory: Pick<BaseMemory, 'against'>
  readonly clock: Clock
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** Memory of the largest worker, in bytes; null while none is known: then nothing is too big. */
  readonly largestWorker: () => Promise<number | null>
}

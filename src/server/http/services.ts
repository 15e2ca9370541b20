import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import type { Forge } from '../contract/forge.ts'
import type { CommentReceiver, Operations } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Store } from '../contract/store.ts'
import type { Sweeps } from '../contract/sweeps.ts'
import type { Dispatcher } from '../runs/dispatcher.ts'
import type { Metrics } from './metrics.ts'

/** Everything that the HTTP side asks; it keeps nothing itself but rates and deliveries under way. */
export interface AppServices {
  readonly settings: ServerSettings
  readonly store: Store
  readonly comments: Pick<CommentReceiver, 'receive'>
  readonly operations: Operations
  readonly sweeps: Pick<Sweeps, 'order' | 'list' | 'one'>
  /** For remote workers. */
  readonly dispatch: Pick<Dispatcher, 'remote' | 'heldBy'>
  /** Says who is an operator when they log in by the forge. */
  readonly forge: Pick<Forge, 'isMember'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

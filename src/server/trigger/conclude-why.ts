import type { ForgePull } from '../contract/forge.ts'
import type { CommentEvent } from '../contract/services.ts'
import type { RunRow } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import { whyOffer, whyRequest } from '../memory/why.ts'
import type { Conclusion } from './conclude.ts'
import type { TriggerParts } from './parts.ts'

export interface WhyAt {
  readonly enrolment: Enrollment
  readonly pull: ForgePull
  /** Runs of the pull request, newest first. */
  readonly runs: readonly RunRow[]
}

/** What `!testme --why` comes to, where its commit is the head: an attribution, or why there is nothing to find out. */
export async function concludeWhy(
  { memory, settings, clock, largestWorker }: TriggerParts,
  { comment }: CommentEvent,
  { enrolment, pull, runs }: WhyAt,
): Promise<Conclusion> {
  const head = pull.head.sha
  const none = { head, run: null, request: null }
  const active = runs.find(
    ({ state, cancelAskedAt }) => ['queued', 'running'].includes(state) && cancelAskedAt === null,
  )
  if (active) {
    const { id: run } = active.request
    return { decision: 'ignored', ...none, reply: { kind: 'already-running', run }, run }
  }
  const red = runs.find(({ request }) => !request.why && request.commit === head)
  const offer = red && whyOffer(red, await memory.against(red))
  if (!red || offer?.kind !== 'offered') {
    const reason = offer?.kind === 'not' ? offer.reason : 'this commit was not judged yet'
    return { decision: 'refused', ...none, reply: { kind: 'why-not', reason } }
  }
  const memoryBytes = enrolment.memoryBytes ?? settings.runMemoryBytes
  const largest = await largestWorker()
  if (largest !== null && memoryBytes > largest)
    return { decision: 'refused', ...none, reply: { kind: 'too-big', memoryBytes, largest } }
  const { runDeadlineMs } = settings
  const asked = { by: comment.author, comment: comment.id, memoryBytes, runDeadlineMs, now: clock.now() }
  const request = whyRequest(red, offer.why, asked)
  return { decision: 'run', ...none, reply: null, run: request.id, request }
}

import type { Store } from '../../../../src/server/contract/store.ts'
import { capacity, commentOf, enrolment, GIB, LEASE_MS, outcomeOf, request, START } from '../bench.ts'

/** A row of every kind in every table, and runs in every state, as a server in use has them. */
export async function fillStore(store: Store): Promise<void> {
  await store.enroll(enrolment('Org', { allow: ['zoë'], memoryBytes: 3 * GIB, webhook: 7 }))
  await store.enroll(enrolment('Other/Recipe', { mirrorOf: 'Up/Recipe' }))
  await store.addWorker('w1', 'a'.repeat(64))
  await store.addWorker('w2', 'b'.repeat(64))
  await store.seenWorker(capacity(), START)
  const at = (second: number) => new Date(START + second * 1000).toISOString()
  for (const [index, end] of (['done', 'error'] as const).entries()) {
    await store.add(request({ at: at(index), repository: 'Org/recipe' }))
    const claim = await store.claim(capacity(), START, LEASE_MS)
    if (claim === null) throw new Error('nothing to claim')
    const words = end === 'done' ? {} : { state: end, verdict: null, level: null, message: 'it’s the engine' }
    await store.finish(claim.lease, outcomeOf(claim, words))
  }
  const asked = request({ at: at(2), pullNumber: 4 })
  await store.decide(commentOf(asked), asked)
  await store.cancel(asked.id, 'not now', START)
  const running = request({ at: at(3), pullNumber: 5, base: '1.2.0+3', quick: true })
  await store.decide(commentOf(running), running)
  await store.claim(capacity(), START, LEASE_MS)
  await store.cancel(running.id, 'asked; "quoted"', START)
  const waiting = request({ at: at(4), pullNumber: 5, priority: 'pull' })
  await store.decide(commentOf(waiting), waiting)
  await store.decide({ ...commentOf(waiting), comment: 9_007_199_254, decision: 'refused', run: null }, null)
  await store.firstRefusal('Org/recipe', 5, 'Mallory')
  await store.setDesired({ kind: 'comment', repository: 'Org/recipe', pull: 5, body: 'a\nlong\tword: ünïcode' })
  await store.setDesired({
    ...{ kind: 'status', repository: 'Org/recipe', commit: 'a'.repeat(40), state: 'pending' },
    ...{ description: 'waits', url: 'https://ci.example.org/runs/1' },
  })
  for (const due of (await store.takePending(START, 1, LEASE_MS)).slice(0, 1))
    await store.markPublished(due.key, due.version, 41)
  await store.setCursor('Org', at(5))
}

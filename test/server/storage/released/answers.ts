import type { Store } from '../../../../src/server/contract/store.ts'
import { START } from '../bench.ts'

/** Everything that a store filled by `fillStore` says, in one order whatever the database. */
export async function whatTheStoreSays(store: Store) {
  const runs = await store.runs({ limit: 100 })
  const comments = runs.flatMap(({ request: { pull } }) => (pull?.comment ? [pull.comment] : []))
  const decided = []
  for (const comment of [...comments, 9_007_199_254]) decided.push(await store.decided('Org/recipe', comment))
  return {
    runs,
    counts: await store.counts(),
    queue: (await store.queue(10)).map(({ row }) => row.request.id),
    enrolments: await store.enrollments(),
    decided,
    refusedBefore: !(await store.firstRefusal('org/RECIPE', 5, 'mallory')),
    workers: (await store.workers()).map(({ unavailableReason: trouble, ...row }) => ({ ...row, trouble })),
    tokens: [await store.workerOfToken('a'.repeat(64)), await store.workerOfToken('b'.repeat(64))],
    due: await store.takePending(START + 3_600_000, 10, 1000),
    unanswered: await store.countPending(),
    cursor: await store.cursor('Org'),
  }
}

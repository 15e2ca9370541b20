import { openStore } from '../../../src/server/storage/open.ts'
import { capacity, commentOf, LEASE_MS, outcomeOf, request } from './bench.ts'

/** A server that decides, claims and ends without pause, and says what it was promised: `decided ID`, `ended ID`. Killed by its parent. */
const [state = '', databaseUrl = ''] = process.argv.slice(2)
const store = await openStore({ state, databaseUrl: databaseUrl === '' ? null : databaseUrl })
const base = process.pid * 100_000
for (let n = 1; ; n += 1) {
  const made = request({ pullNumber: n, at: new Date().toISOString() })
  const asked = { ...made, pull: made.pull && { ...made.pull, comment: base + n } }
  await store.decide(commentOf(asked), asked)
  process.stdout.write(`decided ${asked.id} ${base + n}\n`)
  if (n % 2 === 0) continue
  const claim = await store.claim(capacity({ worker: 'child' }), Date.now(), LEASE_MS)
  if (!claim) continue
  await store.finish(claim.lease, outcomeOf(claim))
  process.stdout.write(`ended ${claim.request.id}\n`)
}

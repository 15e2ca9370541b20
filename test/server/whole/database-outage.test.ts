import { expect, test } from 'vitest'
import { databaseAway } from '../support/database-outage.ts'

/** Longer than a connection is waited for, shorter than a lease: `scripts/prove/database-outage.ts` takes a minute. */
const AWAY_MS = 15_000

test.concurrent.each(['stopped', 'hung'] as const)('a database that is %s loses nothing', async (kind) => {
  const { answeredMs, ...seen } = await databaseAway(kind, AWAY_MS)
  process.stdout.write(`answered ${answeredMs} ms after the database was back\n`)
  const one = { state: 'done', attempt: 1, verdict: 'pass', teardown: 'clean' }
  const answered = { runs: [one], comments: 1, status: expect.stringMatching(/^success /), doubled: [] }
  expect(seen).toEqual({ health: 200, ready: 503, during: answered, meanwhile: answered })
})

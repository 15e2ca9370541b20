import { databaseAway } from '../../test/server/support/database-outage.ts'

/**
 * Takes the PostgreSQL from a server for a while, in the middle of a run and of a comment, and prints what was there in the end:
 *   node scripts/prove/database-outage.ts [SECONDS=60] [KIND=stopped|hung, default both]
 * Over 30 s the run loses its lease and has a second attempt. Needs the set-up of the server's tests.
 */
const seconds = Number(process.argv[2] ?? 60)
const kinds = (['stopped', 'hung'] as const).filter((kind) => (process.argv[3] ?? kind) === kind)

for (const kind of kinds) {
  const seen = await databaseAway(kind, seconds * 1000)
  process.stdout.write(`${JSON.stringify({ kind, seconds, ...seen }, null, 2)}\n`)
  const right = [seen.during, seen.meanwhile].every(
    ({ runs, comments, doubled }) =>
      runs.length === 1 && runs[0]?.verdict === 'pass' && comments === 1 && doubled.length === 0,
  )
  if (!right || seen.health !== 200 || seen.ready !== 503) process.exitCode = 1
}

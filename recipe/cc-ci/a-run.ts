/** A run that has ended, as the server keeps it: what must survive everything. */
export const RUN = '20260102-030405-seeded'
const REPOSITORY = 'coop/seeded'

const request = {
  ...{ schema: 1, id: RUN, attemptOf: null, at: '2026-01-02T03:04:05Z', priority: 'manual', repository: REPOSITORY },
  ...{ pull: null, commit: '0123456789'.repeat(4), base: 'auto', quick: false },
  ...{ memoryBytes: 1_000_000_000, deadlineMs: 3_600_000 },
}
const outcome = {
  ...{ schema: 1, id: RUN, state: 'done', verdict: 'pass', level: 6, cause: null, tier: null, message: 'level 6' },
  ...{ finishedAt: '2026-01-02T03:14:05Z', folder: RUN, attempts: 1, teardown: 'clean' },
}

/** A program for `node -e` that puts the run into the state folder. */
export const WRITE_RUN = `
const { mkdirSync, writeFileSync } = require('node:fs')
const folder = '/var/lib/cc-ci/runs/${RUN}'
mkdirSync(folder, { recursive: true, mode: 0o700 })
writeFileSync(folder + '/request.json', ${JSON.stringify(JSON.stringify(request))})
writeFileSync(folder + '/outcome.json', ${JSON.stringify(JSON.stringify(outcome))})
`

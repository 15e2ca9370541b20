import { createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { startGitea } from '../../test/server/support/gitea.ts'
import { pushRecipe, startServer } from '../../test/server/support/server.ts'

/**
 * 200 webhooks in 10 s, half of them redeliveries of the other half, to a server that runs recipes meanwhile; prints how long each waited for its
 * answer, beside the same number of requests for /healthz, and what became of them: one run a comment.
 *   node scripts/prove/load-server.ts
 */
const COMMENTS = 100
const SECONDS = 10
const RECIPE = 'coop/healthy'
const COMMAND = '!testme --quick'

const work = await mkdtemp(join(tmpdir(), 'cc-ci-load-'))
await using gitea = await startGitea()
const head = await pushRecipe(gitea, RECIPE, (await buildRecipe('healthy', join(work, 'healthy'))).dir)
await using server = await startServer({ gitea, env: { CC_CI_POLL: '10m' } })
await server.api('POST', '/enrolments', { name: 'coop' })
const { member } = gitea.people

// One pull request with an active run, and a pull request with a comment for every webhook: the forge is asked what was really said there.
const bodies: string[] = []
for (let at = 0; at < COMMENTS; at++) {
  const repository = `coop/load-${at % 10}`
  if (at < 10) await gitea.makeRepository(repository, { 'README.md': 'x\n' })
  const branch = `b${at}`
  const sha = await gitea.push({ as: member, repository, branch, files: { [`f${at}`]: 'x\n' } })
  const { number } = await gitea.openPull({ as: member, repository, head: branch })
  const comment = await gitea.comment(member, repository, number, COMMAND)
  bodies.push(payload(repository, number, branch, sha, comment))
}
await gitea.push({ as: member, repository: RECIPE, branch: 'go', files: { 'README.md': 'go\n' } })
const busy = await gitea.openPull({ as: member, repository: RECIPE, head: 'go' })
await server.api('POST', '/runs', { repository: RECIPE, pull: busy.number })
await server.until('a run to continue', async () => {
  const { runs } = await server.api<{ runs: { state: string }[] }>('GET', `/runs?repository=${RECIPE}`)
  return runs[0]?.state === 'running'
})

const order = [...bodies, ...bodies].map((body, at) => ({ body, at: (at * SECONDS * 1000) / (2 * COMMENTS) }))
const started = performance.now()
const waits = await Promise.all(
  order.map(async ({ body, at }) => {
    await new Promise((resolve) => setTimeout(resolve, at))
    const begun = performance.now()
    const answer = await deliver(body)
    const hook = performance.now() - begun
    const again = performance.now()
    await (await fetch(`${server.url}/healthz`)).text()
    return { hook, plain: performance.now() - again, status: answer.status }
  }),
)
const took = performance.now() - started
await server.until('all to be decided', async () => (await runsOf()).length >= COMMENTS, 120_000)
const runs = await runsOf()
const comments = new Set(runs.map(({ request }) => request.pull?.comment))
console.table({
  webhooks: { n: waits.length, ...figures(waits.map(({ hook }) => hook)) },
  'plain answers': { n: waits.length, ...figures(waits.map(({ plain }) => plain)) },
})
process.stdout.write(
  `${waits.length} webhooks in ${(took / 1000).toFixed(1)} s, ${waits.filter(({ status }) => status === 202).length} accepted; ${runs.length} runs of ${comments.size} comments (head ${head.slice(0, 8)})\n`,
)
process.exitCode = runs.length === COMMENTS && comments.size === COMMENTS ? 0 : 1
await rm(work, { recursive: true, force: true })

async function runsOf() {
  const all: { request: { id: string; pull: { comment: number } | null } }[] = []
  for (let at = 0; at < 10; at++) {
    const found = await server.api<{ runs: typeof all }>('GET', `/runs?repository=coop/load-${at}&limit=100`)
    all.push(...found.runs)
  }
  return all
}

function figures(all: number[]) {
  const sorted = all.toSorted((a, b) => a - b)
  const share = (part: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0) * 10) / 10
  return { 'p50 ms': share(0.5), 'p95 ms': share(0.95), 'max ms': share(1) }
}

/** As the forge sends it, with a delivery id of its own each time. */
function deliver(body: string): Promise<Response> {
  return fetch(`${server.url}/hooks/gitea`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-gitea-event': 'issue_comment',
      'x-gitea-event-type': 'pull_request_comment',
      'x-gitea-delivery': randomUUID(),
      'x-gitea-signature': createHmac('sha256', server.webhookSecret).update(body).digest('hex'),
    },
    body,
  })
}

function payload(repository: string, number: number, ref: string, sha: string, comment: number): string {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const user = { login: member.login, username: member.login }
  return JSON.stringify({
    action: 'created',
    is_pull: true,
    issue: { number, state: 'open', user },
    pull_request: { number, state: 'open', user, head: { ref, sha }, base: { ref: 'main' } },
    comment: { id: comment, body: COMMAND, user, created_at: now, updated_at: now },
    repository: { full_name: repository },
    sender: user,
  })
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { thingsOnEngine } from '../../test/cli/started.ts'
import { startGitea } from '../../test/server/support/gitea.ts'
import { pushRecipe, startServer } from '../../test/server/support/server.ts'
import { TestWorker } from '../../test/server/support/worker.ts'

/**
 * Kills a server, its worker, or both with SIGKILL at random moments of a run, starts them again at once, and counts what a person would find:
 *   node scripts/prove/kill-server.ts [POINTS=20] [MODES=server,worker,both]
 * lost: a comment without a run that ended; stuck: one that did not end in time; doubled: two runs of one comment, two comments of ours, or two equal
 * statuses in a row; leaked: something on the engine that was not there before. Needs the set-up of the server's tests, and an engine that nobody else uses;
 * with a third argument only what has that text in its name counts as leaked, and RECIPE is called so: several of these may run side by side.
 */
const points = Number(process.argv[2] ?? 20)
const modes = (process.argv[3] ?? 'server,worker,both').split(',')
const [alone, own] = [process.argv[4] === undefined, process.argv[4] ?? 'healthy']
const RECIPE = `coop/${own}`
/** A run of this recipe takes 15 to 25 s: kills fall before, in and after it. */
const LONGEST_MS = 22_000
/** Lease, requeue, and a whole run after it. */
const DEADLINE_MS = 180_000

interface Run {
  readonly request: { readonly id: string; readonly pull: { readonly comment: number | null } | null }
  readonly state: string
  readonly attempt: number
  readonly outcome: { readonly verdict: string | null; readonly teardown: string; readonly message: string } | null
}

const before = await thingsOnEngine()
const work = await mkdtemp(join(tmpdir(), 'cc-ci-kill-'))
await using gitea = await startGitea()
await pushRecipe(gitea, RECIPE, (await buildRecipe('healthy', join(work, 'healthy'))).dir)
await using server = await startServer({ gitea, env: { CC_CI_WORKER_MEMORY: '0' } })
const worker = new TestWorker(server, 'one')
await worker.register()
await worker.start()
await server.api('POST', '/enrolments', { name: RECIPE })
const { member } = gitea.people
const table: Record<string, string | number>[] = []

for (const mode of modes) {
  const row = { killed: mode, runs: 0, lost: 0, stuck: 0, doubled: 0, leaked: 0, 'second attempts': 0, 'not pass': 0 }
  for (let point = 0; point < points; point++) {
    const branch = `${mode}-${point}`
    const commit = await gitea.push({
      ...{ as: member, repository: RECIPE, branch, from: 'main', files: { 'README.md': `${branch}\n` } },
    })
    const { number } = await gitea.openPull({ as: member, repository: RECIPE, head: branch })
    const comment = await gitea.comment(member, RECIPE, number, '!testme --quick')
    const after = Math.round(Math.random() * LONGEST_MS)
    await new Promise((resolve) => setTimeout(resolve, after))
    if (mode !== 'worker') server.kill('SIGKILL')
    if (mode !== 'server') worker.kill('SIGKILL')
    if (mode !== 'worker') await server.ended()
    if (mode !== 'server') await worker.ended()
    if (mode !== 'worker') await server.start()
    if (mode !== 'server') await worker.start()
    const ofComment = async () =>
      (await server.api<{ runs: Run[] }>('GET', `/runs?repository=${RECIPE}&pull=${number}`)).runs.filter(
        ({ request }) => request.pull?.comment === comment,
      )
    const over = async () => {
      const [run] = await ofComment()
      if (!run || ['queued', 'running'].includes(run.state)) return false
      const states = await gitea.statuses(RECIPE, commit)
      const ours = (await gitea.comments(RECIPE, number)).filter(({ author }) => author === 'bot')
      return states[0]?.state !== 'pending' && ours[0]?.body.includes(run.request.id) === true
    }
    const ended = await server.until(branch, over, DEADLINE_MS).then(
      () => true,
      () => false,
    )
    const runs = await ofComment()
    const states = (await gitea.statuses(RECIPE, commit)).map(({ state, description }) => `${state} ${description}`)
    const ours = (await gitea.comments(RECIPE, number)).filter(({ author }) => author === 'bot')
    row.runs += runs.length
    if (runs.length === 0) row.lost++
    else if (!ended) row.stuck++
    if (runs.length > 1 || ours.length > 1 || states.some((state, at) => state === states[at + 1])) row.doubled++
    if ((runs[0]?.attempt ?? 0) > 1) row['second attempts']++
    if (runs[0]?.outcome?.verdict !== 'pass') row['not pass']++
    const { attempt, state, outcome } = runs[0] ?? {}
    process.stdout.write(
      `${branch}: killed after ${after} ms: ${state} ${outcome?.verdict ?? outcome?.message ?? ''}, attempt ${attempt}\n`,
    )
  }
  row.leaked = (await settledLeaks()).length
  table.push(row)
}
worker.kill('SIGTERM')
await worker.ended()
await rm(work, { recursive: true, force: true })
console.table(table)
process.exitCode = table.some((row) => ['lost', 'stuck', 'doubled', 'leaked'].some((key) => row[key] !== 0)) ? 1 : 0

/** A run that lost its worker removes what it made by itself: given a minute. */
async function settledLeaks(): Promise<string[]> {
  const look = async () =>
    (await thingsOnEngine()).filter((name) => !before.includes(name) && (alone || name.includes(own)))
  await server.until('an engine as before', async () => (await look()).length === 0, 90_000).catch(() => undefined)
  const left = await look()
  for (const name of left) process.stdout.write(`left on the engine: ${name}\n`)
  return left
}

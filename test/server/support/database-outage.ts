import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import { startGitea } from './gitea.ts'
import { startPostgres } from './postgres.ts'
import { addWebhook, openPull, type TestPull } from './pull.ts'
import { pushRecipe, startServer, type TestServer } from './server.ts'
import { TestWorker } from './worker.ts'

const RECIPE = 'coop/healthy'
/** What a run may lack after an outage: the lease, one more attempt, and answers that wait for their next try. */
const AFTER_MS = 240_000

/** `stopped`: refuses connections. `hung`: takes them and says nothing. */
export type Away = 'stopped' | 'hung'

export interface SeenAway {
  /** Statuses of HTTP while the database was away. */
  readonly health: number
  readonly ready: number
  /** Of the run that continued meanwhile, and of the one whose comment came meanwhile. */
  readonly during: Awaited<ReturnType<typeof stateOfMirror>>
  readonly meanwhile: Awaited<ReturnType<typeof stateOfMirror>>
  /** From the return of the database until both were answered, ms. */
  readonly answeredMs: number
}

/** A server whose PostgreSQL goes away for `ms` while a run continues and a comment comes, and what is there once all has ended. */
export async function databaseAway(kind: Away, ms: number): Promise<SeenAway> {
  await using scope = new AsyncDisposableStack()
  const postgres = await startPostgres()
  scope.defer(() => postgres.close())
  const gitea = scope.use(await startGitea())
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-away-'))
  scope.defer(() => rm(dir, { recursive: true, force: true }))
  await pushRecipe(gitea, RECIPE, (await buildRecipe('healthy', join(dir, 'healthy'))).dir)
  const env = { DATABASE_URL: await postgres.database(), CC_CI_WORKER_MEMORY: '0', CC_CI_POLL: '2s' }
  const server = scope.use(await startServer({ gitea, env }))
  await server.api('POST', '/enrolments', { name: RECIPE })
  await addWebhook(gitea, RECIPE, server)
  const worker = scope.use(new TestWorker(server, 'one'))
  await worker.register()
  await worker.start()

  const [during, meanwhile] = [await openPull(gitea, RECIPE, 'during'), await openPull(gitea, RECIPE, 'meanwhile')]
  await during.say('!testme --quick')
  await server.until('a run', async () => (await during.runs(server))[0]?.state === 'running')
  const end = Date.now() + ms
  await (kind === 'stopped' ? postgres.stop() : postgres.pause())
  try {
    await meanwhile.say('!testme --quick')
    const [health, ready] = await Promise.all([statusOf(server, '/healthz'), statusOf(server, '/readyz')])
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, end - Date.now())))
    await (kind === 'stopped' ? postgres.start() : postgres.resume())
    const back = Date.now()
    await server.until('a server that is ready again', async () => (await statusOf(server, '/readyz')) === 200, 30_000)
    for (const pull of [during, meanwhile])
      await server.until(`the answer of ${pull.number}`, () => pull.isAnswered(server), AFTER_MS)
    const answeredMs = Date.now() - back
    return {
      health,
      ready,
      during: await stateOfMirror(during, server),
      meanwhile: await stateOfMirror(meanwhile, server),
      answeredMs,
    }
  } finally {
    if (kind === 'hung') await postgres.resume()
  }
}

async function statusOf(server: TestServer, path: string): Promise<number> {
  return (await fetch(`${server.url}${path}`)).status
}

async function stateOfMirror(pull: TestPull, server: TestServer) {
  const statuses = await pull.statuses()
  const runs = (await pull.runs(server)).map(({ state, attempt, outcome }) => ({
    ...{ state, attempt, verdict: outcome?.verdict, teardown: outcome?.teardown },
  }))
  return { runs, comments: (await pull.ours()).length, status: statuses[0] ?? '', doubled: doubled(statuses) }
}

/** Statuses that were set twice in a row. */
function doubled(statuses: readonly string[]): readonly string[] {
  return statuses.filter((status, at) => status === statuses[at + 1])
}

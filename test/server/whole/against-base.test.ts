import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { COMPOSE } from '../../recipe/throwaway.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'
import { startPlayedWorker } from '../support/played-worker.ts'
import { addWebhook, TestPull } from '../support/pull.ts'
import { startServer, type TestServer } from '../support/server.ts'

const RECIPE = 'coop/played'
/** For a machine that has much else to do. */
const LONG_MS = 240_000
const FILES = { 'compose.yml': COMPOSE, '.env.sample': 'DOMAIN=a.example.com\n' }

/** A server, a worker whose runs are played, and a recipe whose main passes and whose pull request does not. */
async function stage(): Promise<{ gitea: Gitea; server: TestServer; pull: TestPull; main: string }> {
  const until = <T extends AsyncDisposable>(part: T): T => {
    onTestFinished(() => part[Symbol.asyncDispose]())
    return part
  }
  const gitea = until(await startGitea())
  const { member: as } = gitea.people
  const main = await gitea.makeRepository(RECIPE, { ...FILES, behave: 'pass' })
  const server = until(await startServer({ gitea, env: { CC_CI_WORKER_MEMORY: '0' } }))
  await server.api('POST', '/enrolments', { name: RECIPE })
  await addWebhook(gitea, RECIPE, server)
  until(await startPlayedWorker(server))
  await gitea.push({ as, repository: RECIPE, branch: 'change', from: 'main', files: { behave: 'red' } })
  const pull = new TestPull(gitea, RECIPE, await gitea.openPull({ as, repository: RECIPE, head: 'change' }))
  return { gitea, server, pull, main }
}

/** The cookie of an operator who has logged in, and the token of their forms. */
async function logIn(server: TestServer): Promise<{ cookie: string; csrf: string }> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: server.url }
  const body = new URLSearchParams({ token: server.operatorToken })
  const answer = await fetch(`${server.url}/login`, { method: 'POST', headers, body, redirect: 'manual' })
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const page = await (await fetch(server.url, { headers: { cookie } })).text()
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '' }
}

test('a pull request says what it changes, and why it is red, and a rebuilt database says the same', async () => {
  const { server, pull, main } = await stage()
  const comment = async () => (await pull.ours()).map(({ body }) => body).join('\n')
  // Without the nonce, which is another one in each answer.
  const page = async (run: string, cookie = '') =>
    (await (await fetch(`${server.url}/runs/${run}`, { headers: { cookie } })).text()).replace(/ nonce="[^"]*"/g, '')

  // Nothing to compare with: why, and who fixes it.
  await pull.say('!testme')
  await server.until('the answer', () => pull.isAnswered(server), LONG_MS)
  const [red] = await pull.runs(server)
  const id = red?.request.id ?? ''
  expect(red?.outcome).toMatchObject({ verdict: 'fail' })
  await server.until(
    'why there is nothing',
    async () =>
      (await comment()).includes(
        `Not compared with main: no run of main at ${main.slice(0, 12)} is kept. An operator can start one`,
      ),
    LONG_MS,
  )
  expect(await page(id)).toContain(`no run of main at ${main.slice(0, 12)} is kept`)

  // One click runs the base, and the same comment then says what the change changes.
  const { cookie, csrf } = await logIn(server)
  expect(await page(id, cookie)).toContain(`<button>Run main at ${main.slice(0, 12)}</button>`)
  const click = (body: Record<string, string>) =>
    fetch(`${server.url}/runs/${id}/base`, {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(body) },
      headers: { cookie, origin: server.url, 'content-type': 'application/x-www-form-urlencoded' },
    })
  expect((await click({})).status).toBe(403)
  const clicked = await click({ csrf })
  const base = /^\/runs\/(\d{8}-\d{6}-[a-z2-9]{6})$/.exec(clicked.headers.get('location') ?? '')?.[1] ?? ''
  expect([clicked.status, base]).toEqual([303, expect.stringMatching(/^\d/)])
  const against = `against main at \`${main.slice(0, 12)}\` ([run](<${server.url}/runs/${base}>))`
  await server.until('the comparison', async () => (await comment()).includes(against), LONG_MS)
  expect(await comment()).toContain('| install | **regression** | pass | fail http-wrong-status |')
  expect(await pull.ours()).toHaveLength(1)
  const shown = await page(id)
  expect(shown).toContain('<h2>What this change changes</h2>')
  expect(shown).toContain(`<a href="/runs/${base}">`)
  expect((await click({ csrf })).status).toBe(409)

  // The base was green: why is this red? A member asks, and is answered in the same comment.
  expect(await comment()).toContain('Comment `!testme --why`')
  expect(await page(id, cookie)).toContain('<button>Find out why</button>')
  const statuses = await pull.statuses()
  await pull.say('!testme --why')
  await server.until('the answer', async () => (await comment()).includes('Why is it red? recipe (install).'), LONG_MS)
  expect(await comment()).toMatch(/- the base: pass ×5\n- this change: fail http-wrong-status\/recipe ×5\n/)
  expect(await pull.ours()).toHaveLength(1)
  expect(await pull.statuses()).toEqual(statuses)
  const [why] = await pull.runs(server)
  expect(why).toMatchObject({ state: 'done', outcome: { verdict: null, teardown: 'clean' } })
  const answer = await page(why?.request.id ?? '')
  expect(answer).toContain('<h3>recipe (install)</h3>')
  const [, cell] = /href="(\/runs\/[^"]+\/artifacts\/cells\/[^"]+)"/.exec(answer) ?? []
  expect(await (await fetch(`${server.url}${cell}`)).json()).toMatchObject({
    schema: 1,
    recipe: { name: 'pocketbase' },
  })
  const redPage = await page(id)
  expect(redPage).toContain(`<a href="/runs/${why?.request.id}">`)

  // Of its database nothing is needed for that.
  server.kill('SIGTERM')
  await server.ended()
  await rm(join(server.state, 'server', 'database'), { recursive: true })
  await server.start()
  expect([await page(id), await page(why?.request.id ?? '')]).toEqual([redPage, answer])
})

import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { type Gitea, startGitea } from '../support/gitea.ts'
import { addWebhook, openPull, type TestPull } from '../support/pull.ts'
import { type Passage, startRelay } from '../support/relay.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Longer than the server waits for an answer of the forge. */
const TOO_LATE_MS = 17_000

/** A forge that its server reaches through a relay; `trouble` says what happens there, `met` to how many requests it has. */
interface Road {
  trouble: (request: IncomingMessage, to: string) => Passage
  met: number
}

const none: Road['trouble'] = (_, to) => ({ to })
const onlyWrites = (passage: (to: string) => Passage): Road['trouble'] => {
  return ({ method }, to) => (method === 'GET' ? { to } : passage(to))
}

interface Stage extends AsyncDisposable {
  readonly gitea: Gitea
  readonly server: TestServer
  readonly road: Road
}

/** Not with vitest's own `onTestFinished`: of tests that run at the same time it takes whichever began last for the one that asks. */
async function stage(): Promise<Stage> {
  await using made = new AsyncDisposableStack()
  const gitea = made.use(await startGitea())
  const road: Road = { trouble: none, met: 0 }
  const relay = await startRelay((request) => {
    const passage = road.trouble(request, gitea.url)
    if (Object.keys(passage).join() !== 'to') road.met += 1
    return passage
  })
  made.use(relay)
  const env = { CC_CI_WORKER_MEMORY: '0', CC_CI_POLL: '2s' }
  const server = made.use(await startServer({ gitea, env, forgeUrl: relay.url }))
  await server.api('POST', '/enrolments', { name: gitea.repository })
  await addWebhook(gitea, gitea.repository, server)
  const stay = made.move()
  return { gitea, server, road, [Symbol.asyncDispose]: () => stay.disposeAsync() }
}

test.concurrent.each([
  ['answers 500 to everything', () => ({ status: 500 }), 3, true],
  ['does what it is told and answers 500', onlyWrites((to) => ({ to, insteadOfAnswer: 500 })), 2, true],
  ['does what it is told and answers too late', onlyWrites((to) => ({ to, lateMs: TOO_LATE_MS })), 2, false],
] as const)('a forge that %s is told all of it once in the end', async (_, trouble, times, again) => {
  await using staged = await stage()
  const { gitea, server, road } = staged
  const pull = await openPull(gitea, gitea.repository, 'change')

  const through = async (act: () => Promise<unknown>) => {
    road.met = 0
    road.trouble = trouble
    await act()
    await server.until('trouble', async () => road.met >= times)
    expect(await (await fetch(`${server.url}/readyz`)).text()).toBe('ready\n')
    road.trouble = none
    await server.until('all to be told', async () => road.met > 0 && (await isTold(server)))
  }

  await through(() => pull.say('!testme'))
  await server.until('the pending status', async () => (await pull.statuses())[0]?.startsWith('pending') === true)
  await server.until('the comment', async () => (await pull.ours()).length > 0)
  const [run, ...others] = await pull.runs(server)
  expect(others).toEqual([])
  const cancel = () => server.api('POST', `/runs/${run?.request.id}/cancel`)
  await (again ? through(cancel) : cancel())
  await server.until('the status of the end', async () => (await pull.statuses())[0]?.startsWith('error') === true)
  await server.until('the comment of the end', async () => (await pull.ours())[0]?.body.includes('cancelled') === true)
  await server.until('all to be told', () => isTold(server))
  await expectOnce(pull)
})

/** Nothing waits to be told to the forge. */
async function isTold(server: TestServer): Promise<boolean> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return /^cc_ci_answers_waiting 0$/m.test(text)
}

async function expectOnce(pull: TestPull): Promise<void> {
  expect(await pull.ours()).toHaveLength(1)
  const statuses = await pull.statuses()
  expect(statuses).toEqual([...new Set(statuses)])
  // While it waits, its place in the queue may become known: other words, told once as well.
  expect(statuses.map((status) => status.replace(/ .*/, '')).join(' ')).toMatch(/^error pending( pending)?$/)
}

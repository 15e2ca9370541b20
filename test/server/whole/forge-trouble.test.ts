import type { IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
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

async function stage(): Promise<{ gitea: Gitea; server: TestServer; road: Road }> {
  const gitea = await startGitea()
  onTestFinished(() => gitea[Symbol.asyncDispose]())
  const road: Road = { trouble: none, met: 0 }
  const relay = await startRelay((request) => {
    const passage = road.trouble(request, gitea.url)
    if (Object.keys(passage).join() !== 'to') road.met += 1
    return passage
  })
  onTestFinished(() => relay[Symbol.asyncDispose]())
  const env = { CC_CI_WORKER_MEMORY: '0', CC_CI_POLL: '2s' }
  const server = await startServer({ gitea, env, forgeUrl: relay.url })
  onTestFinished(() => server[Symbol.asyncDispose]())
  await server.api('POST', '/enrolments', { name: gitea.repository })
  await addWebhook(gitea, gitea.repository, server)
  return { gitea, server, road }
}

test.concurrent.each([
  ['answers 500 to everything', () => ({ status: 500 }), 3, true],
  ['does what it is told and answers 500', onlyWrites((to) => ({ to, insteadOfAnswer: 500 })), 2, true],
  ['does what it is told and answers too late', onlyWrites((to) => ({ to, lateMs: TOO_LATE_MS })), 2, false],
] as const)('a forge that %s is told all of it once in the end', async (_, trouble, times, again) => {
  const { gitea, server, road } = await stage()
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
  expect(statuses).toHaveLength(2)
}

import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ForgeError } from '../../../src/server/contract/errors.ts'
import type { Forge } from '../../../src/server/contract/forge.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { addApi, describedApp } from '../../../src/server/http/api/api.ts'
import { Authenticator } from '../../../src/server/http/authenticator.ts'
import { addPages } from '../../../src/server/http/pages/routes.ts'
import { Sessions } from '../../../src/server/http/session.ts'
import { reconcileMirrors } from '../../../src/server/mirrors/reconcile.ts'
import { createOperations } from '../../../src/server/operations.ts'
import { sendPending } from '../../../src/server/publishing/outbox.ts'
import { createPublisher } from '../../../src/server/publishing/publisher.ts'
import { createReplies } from '../../../src/server/publishing/replies.ts'
import { createSweeps } from '../../../src/server/sweep/sweeps.ts'
import { passedResults } from '../../report/sample-runs.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'
import { endRun, openScene, requestFor } from '../support/scene.ts'

let gitea: Gitea
let count = 0

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.makeOrganisation('mirrors')
})
afterAll(() => gitea?.[Symbol.asyncDispose]())

/** A repository upstream, its enrolled mirror, and a server's parts. */
async function stage() {
  const name = `recipe-${++count}`
  const upstream = `coop/${name}`
  const mirror = `mirrors/${name}`
  const fresh = { name, default_branch: 'main', auto_init: true }
  await gitea.api(gitea.people.admin, 'POST', '/orgs/coop/repos', fresh)
  await gitea.api(gitea.people.admin, 'POST', `/repos/${upstream}/forks`, { organization: 'mirrors' })
  const { parts, store, settings } = await openScene({ forgeUrl: gitea.url, forgeToken: gitea.people.bot.token })
  const forge = giteaForge({ baseUrl: gitea.url, token: gitea.people.bot.token })
  const enrol = (as: string, mirrorOf: string) =>
    store.enroll({
      ...{ name: as, at: '2026-01-01T00:00:00.000Z', by: 'operator', allow: [], memoryBytes: null, webhook: null },
      mirrorOf,
    })
  await enrol(mirror, upstream)
  const signal = new AbortController().signal
  const round = (more: Partial<Forge> = {}, stop = signal) =>
    reconcileMirrors({ ...parts, forge: { ...forge, ...more }, replies: createReplies(parts) }, stop)
  const push = async (repository: string, branch: string, from = branch) => {
    const path = `/repos/${repository}/contents/f${Math.random()}`
    const file = { content: btoa('a'), message: 'a change', branch: from, new_branch: branch }
    const made = await gitea.api<{ commit: { sha: string } }>(gitea.people.admin, 'POST', path, file)
    return made.commit.sha
  }
  const open = async (branch: string) => {
    await push(mirror, branch, 'main')
    return gitea.openPull({ as: gitea.people.member, repository: mirror, head: branch })
  }
  const merge = async (branch: string) => {
    const order = { as: gitea.people.admin, repository: upstream, head: `mirrors:${branch}` }
    const { number } = await gitea.openPull(order)
    await gitea.api(gitea.people.admin, 'POST', `/repos/${upstream}/pulls/${number}/merge`, { Do: 'merge' })
  }
  const stateOf = async (number: number) => (await forge.pull(mirror, number)).state
  const send = () => sendPending({ ...parts, forge }, signal)
  return { upstream, mirror, parts, store, settings, forge, enrol, round, push, open, merge, stateOf, send }
}

test('tells same, behind, ahead and diverged', async () => {
  const { upstream, mirror, round, push } = await stage()
  const drift = async () => (await round()).map((report) => report.drift)
  expect(await round()).toEqual([{ mirror, upstream, branch: 'main', drift: 'same', closed: [], problem: null }])
  const first = await push(mirror, 'main')
  expect(await drift()).toEqual(['ahead'])
  await push(upstream, 'main')
  expect(await drift()).toEqual(['diverged'])
  await gitea.forcePush({ as: gitea.people.admin, repository: mirror, branch: 'main', to: `${first}^` })
  expect(await drift()).toEqual(['behind'])
})

test('closes what upstream has, says why, and leaves everything else open', async () => {
  const { upstream, mirror, round, open, merge, push, stateOf, send } = await stage()
  const taken = await open('taken')
  const waiting = await open('waiting')
  await push(mirror, 'stable', 'main')
  const elsewhere = await gitea.openPull({
    ...{ as: gitea.people.member, repository: mirror, head: 'taken', base: 'stable' },
  })
  await merge('taken')
  expect(await round()).toEqual([
    { mirror, upstream, branch: 'main', drift: 'behind', closed: [taken.number], problem: null },
  ])
  expect(await Promise.all([taken, waiting, elsewhere].map(({ number }) => stateOf(number)))).toEqual([
    ...['closed', 'open', 'open'],
  ])
  await send()
  const said = (await gitea.comments(mirror, taken.number)).map(({ author, body }) => `${author}: ${body}`)
  expect(said).toEqual([expect.stringMatching(/^bot: .*\n.*is already part of .*/)])
  expect(said[0]).toContain(taken.head.slice(0, 12))
  expect((await round())[0]?.closed).toEqual([])
})

test('a head that is pushed while it is compared stays open', async () => {
  const { mirror, round, open, merge, push, stateOf, forge } = await stage()
  const { number } = await open('taken')
  await merge('taken')
  const openPulls = async (repository: string) => {
    const found = await forge.openPulls(repository)
    await gitea.headIs(mirror, number, await push(mirror, 'taken'))
    return found
  }
  expect((await round({ openPulls }))[0]?.closed).toEqual([])
  expect(await stateOf(number)).toBe('open')
})

test('one mirror that cannot be looked at hinders no other', async () => {
  const { upstream, mirror, round, enrol } = await stage()
  await enrol('coop/not-there', upstream)
  await enrol('mirrors', upstream)
  await enrol(upstream, upstream)
  const found = Object.fromEntries((await round()).map((one) => [one.mirror, one.problem]))
  expect(found).toEqual({
    'coop/not-there': expect.stringContaining('404'),
    mirrors: expect.stringContaining('no single repository'),
    [upstream]: expect.stringContaining('itself'),
    [mirror]: null,
  })
})

test('a crash after the words and before the end says nothing twice', async () => {
  const { mirror, round, open, merge, stateOf, send } = await stage()
  const { number } = await open('taken')
  await merge('taken')
  const closePull = () => Promise.reject(new ForgeError('forge-gone', 'away'))
  await expect(round({ closePull })).rejects.toMatchObject({ code: 'forge-gone' })
  await send()
  expect((await round())[0]?.closed).toEqual([number])
  await send()
  expect(await stateOf(number)).toBe('closed')
  expect(await gitea.comments(mirror, number)).toHaveLength(1)
})

test('a closing that the forge refuses is a problem of that mirror, and a stop ends the round', async () => {
  const { round, open, merge } = await stage()
  await open('taken')
  await merge('taken')
  const closePull = () => Promise.reject(new ForgeError('forge-refused', 'the token may not'))
  expect(await round({ closePull })).toMatchObject([{ drift: 'behind', closed: [], problem: 'the token may not' }])
  expect(await round({}, AbortSignal.abort())).toEqual([])
})

test('people are told what differs: in the API, on the page and in the comment of a run', async () => {
  const { upstream, mirror, parts, store, settings, forge, round, push, open, send } = await stage()
  const app = new Hono()
  const publisher = createPublisher({ ...parts, forge })
  const operations = createOperations({ ...parts, forge, publisher, largestWorker: async () => null })
  const auth = { viewer: () => ({ operator: null, csrf: '' }), sender: () => null }
  const sweeps = createSweeps({ ...parts, forge, largestWorker: async () => null })
  addPages(app, { ...parts, operations, sweeps, retention: { seen: () => ({ disk: null, trouble: null }) } }, auth)
  const page = async () => (await app.request('/repositories')).text()
  const api = describedApp()
  addApi({
    app: api,
    services: { store, operations, settings, sweeps },
    auth: new Authenticator(settings, new Sessions(settings, parts.clock)),
  })
  const listed = async () => {
    const answer = await api.request('/api/v1/enrolments')
    return ((await answer.json()) as { enrolments: { mirror: unknown }[] }).enrolments[0]?.mirror
  }
  expect([await listed(), await page()]).toEqual([null, expect.stringContaining('not compared yet')])
  await round()
  expect([await listed(), await page()]).toEqual([
    expect.objectContaining({ drift: 'same', text: null }),
    expect.stringContaining('the same as upstream'),
  ])
  const { number, head } = await open('change')
  await push(upstream, 'main')
  await round()
  const reported = `main differs from upstream ${upstream}: behind`
  expect(await listed()).toMatchObject({ drift: 'behind', text: expect.stringContaining(reported) })
  expect(await page()).toContain(reported)
  const pull = { number, headRef: 'change', baseRef: 'main', comment: 1, author: 'member' }
  const request = requestFor({ repository: mirror, commit: head, pull })
  await store.add(request)
  await publisher.runChanged(await endRun({ parts, store, settings }, passedResults()))
  await send()
  expect((await gitea.comments(mirror, number))[0]?.body).toMatch(/\| upgrade \|[\s\S]*⚠ main differs from upstream/)
})

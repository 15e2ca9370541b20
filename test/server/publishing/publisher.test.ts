import { expect, onTestFinished, test } from 'vitest'
import type { RunRequest } from '../../../src/server/contract/request.ts'
import type { RunRow } from '../../../src/server/contract/store.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { COMMENT_MARKER } from '../../../src/server/publishing/comment.ts'
import { sendPending } from '../../../src/server/publishing/outbox.ts'
import { createPublisher } from '../../../src/server/publishing/publisher.ts'
import { createReplies } from '../../../src/server/publishing/replies.ts'
import { failedResults, passedResults } from '../../report/sample-runs.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'
import { endRun, openScene, requestFor, type Scene } from '../support/scene.ts'

/** A real forge with a pull request of ours, and a server's store. */
async function stage() {
  const gitea = await startGitea()
  onTestFinished(() => gitea[Symbol.asyncDispose]())
  const scene = await openScene({ forgeUrl: gitea.url, forgeToken: gitea.people.bot.token })
  const forge = giteaForge({ baseUrl: gitea.url, token: gitea.people.bot.token })
  const parts = { ...scene.parts, forge }
  const publisher = createPublisher(parts)
  const commit = await gitea.push({
    ...{ as: gitea.people.member, repository: gitea.repository, branch: 'change', files: { a: 'b\n' } },
  })
  const { number } = await gitea.openPull({ as: gitea.people.member, repository: gitea.repository, head: 'change' })
  const pull = { number, headRef: 'change', baseRef: 'main', comment: 1, author: 'member' }
  const request = (more: Partial<RunRequest> = {}) =>
    requestFor({ repository: gitea.repository, commit, pull, ...more })
  const signal = new AbortController().signal
  return { gitea, scene, forge, parts, publisher, commit, number, request, send: () => sendPending(parts, signal) }
}

async function shown(gitea: Gitea, pull: number, commit: string) {
  const ours = (await gitea.comments(gitea.repository, pull)).filter(({ author }) => author === 'bot')
  const statuses = await gitea.statuses(gitea.repository, commit)
  return { ours, statuses: statuses.map(({ context, state, description }) => `${context} ${state} ${description}`) }
}

async function asked({ store }: Scene, request: RunRequest) {
  await store.add(request)
  const row = await store.run(request.id)
  if (!row) throw new Error('no row')
  return row
}

test('one comment and the newest status, from the queue to the verdict', async () => {
  const { gitea, scene, publisher, commit, number, request, send } = await stage()
  const first = request()
  await publisher.runChanged(await asked(scene, first))
  await send()
  expect(await shown(gitea, number, commit)).toMatchObject({
    ours: [{ body: expect.stringContaining(first.id) }],
    statuses: ['cc-ci/testme pending queued, next'],
  })
  await publisher.runChanged(await endRun(scene, failedResults()))
  await send()
  const failed = await shown(gitea, number, commit)
  expect(failed.statuses[0]).toMatch(/^cc-ci\/testme failure fail, level \d: \w+ [\w-]+$/)
  expect(failed.ours).toHaveLength(1)
  const body = failed.ours[0]?.body ?? ''
  expect(body.startsWith(`${COMMENT_MARKER}\n`)).toBe(true)
  for (const said of ['| upgrade |', 'no such column', `https://ci.example.org/runs/${first.id}/files/report.html`])
    expect(body).toContain(said)
})

test('what was sent and not noted is not sent twice', async () => {
  const { gitea, scene, publisher, commit, number, request, send, parts } = await stage()
  await publisher.runChanged(await asked(scene, request()))
  const forgetful = { ...parts, store: { ...scene.store, markPublished: async () => undefined } }
  await sendPending(forgetful, new AbortController().signal)
  const once = await shown(gitea, number, commit)
  expect(once.ours).toHaveLength(1)
  // Its hold runs out: another publisher takes it.
  const later = { ...parts, clock: { ...parts.clock, now: () => Date.now() + 120_000 } }
  await sendPending(later, new AbortController().signal)
  await send()
  expect(await shown(gitea, number, commit)).toEqual(once)
})

test('two publishers at once say it once', async () => {
  const { gitea, scene, publisher, commit, number, request, send } = await stage()
  await publisher.runChanged(await asked(scene, request()))
  await Promise.all([send(), send(), send()])
  const { ours, statuses } = await shown(gitea, number, commit)
  expect([ours.length, statuses.length]).toEqual([1, 1])
})

test('a forge that is down is told the newest state once it is back', async () => {
  const { gitea, scene, publisher, commit, number, request, send, parts } = await stage()
  await gitea.stop()
  await publisher.runChanged(await asked(scene, request()))
  await send()
  await publisher.runChanged(await endRun(scene, passedResults()))
  expect(await scene.store.countPending()).toBe(2)
  await gitea.start()
  const later = { ...parts, clock: { ...parts.clock, now: () => Date.now() + 3_600_000 } }
  await sendPending(later, new AbortController().signal)
  const { ours, statuses } = await shown(gitea, number, commit)
  expect(statuses).toEqual([expect.stringMatching(/^cc-ci\/testme success pass, level/)])
  expect(ours).toHaveLength(1)
  expect(await scene.store.countPending()).toBe(0)
})

test('a comment that somebody deleted is written again, and a repository that is gone is forgotten', async () => {
  const { gitea, scene, publisher, commit, number, request, send } = await stage()
  await publisher.runChanged(await asked(scene, request()))
  await send()
  const [ours] = (await shown(gitea, number, commit)).ours
  await gitea.deleteComment(gitea.people.admin, gitea.repository, ours?.id ?? 0)
  await publisher.runChanged(await endRun(scene, passedResults()))
  await send()
  expect((await shown(gitea, number, commit)).ours).toHaveLength(1)
  await gitea.api(gitea.people.admin, 'DELETE', `/repos/${gitea.repository}`)
  await publisher.runChanged(await asked(scene, request()))
  await send()
  expect(await scene.store.countPending()).toBe(0)
})

test('a superseded run says nothing over the one that took its place', async () => {
  const { scene, publisher, request } = await stage()
  const old = await asked(scene, request())
  const next = request()
  const { superseded } = await scene.store.add(next)
  expect(superseded.map((row) => row.request.id)).toEqual([old.request.id])
  for (const row of superseded) await publisher.runChanged(row)
  const due = JSON.stringify(await scene.store.takePending(Date.now(), 10, 1000))
  expect(due).toContain(next.id)
  expect(due).not.toContain(old.request.id)
})

test('a reply stands on top of the run, and text of people is no markup', async () => {
  const { gitea, scene, publisher, commit, number, request, send, parts } = await stage()
  const run = request()
  await publisher.runChanged(await asked(scene, run))
  const replies = createReplies(parts)
  const to = { repository: gitea.repository, pull: number, login: '@all <b>x</b>', head: commit, comment: 2 }
  await replies.reply(to, {
    kind: 'grammar',
    line: '!testme [x](https://evil.example) @everyone operator-token-operator-token-1234',
  })
  await send()
  const body = (await shown(gitea, number, commit)).ours[0]?.body ?? ''
  expect(body).toContain(run.id)
  expect(body).not.toMatch(/\]\(https:\/\/evil|@everyone|<b>|operator-token-operator/)
})

test('a reply to a newer comment stays beside the run, whatever becomes of it, until a newer run', async () => {
  const { gitea, scene, publisher, commit, number, request, send, parts } = await stage()
  const body = async () => (await shown(gitea, number, commit)).ours.map((one) => one.body)
  await publisher.runChanged(await asked(scene, request()))
  const to = { repository: gitea.repository, pull: number, login: 'member', head: commit, comment: 2 }
  await createReplies(parts).reply(to, { kind: 'pushed-after', head: 'e'.repeat(40), commented: null })
  await publisher.runChanged(await endRun(scene, passedResults()))
  await send()
  const both = [expect.stringMatching(/!testme eeeeeeeeeeee[\s\S]*\| upgrade \|/)]
  expect(await body()).toEqual(both)
  await publisher.publish(AbortSignal.abort())
  await send()
  expect(await body()).toEqual(both)
  const next = request({ pull: { number, headRef: 'change', baseRef: 'main', comment: 3, author: 'member' } })
  await publisher.runChanged(await asked(scene, next))
  await send()
  expect(await body()).toEqual([expect.not.stringContaining('eeeeeeeeeeee')])
})

test('a reply that speaks of an active run ends with it', async () => {
  const { gitea, scene, publisher, commit, number, request, send, parts } = await stage()
  const body = async () => (await shown(gitea, number, commit)).ours[0]?.body
  const run = request()
  await publisher.runChanged(await asked(scene, run))
  const to = { repository: gitea.repository, pull: number, login: 'member', head: commit, comment: 2 }
  await createReplies(parts).reply(to, { kind: 'already-running', run: run.id })
  await publisher.runChanged((await scene.store.run(run.id)) as RunRow)
  await send()
  expect(await body()).toContain('is already queued or running')
  await publisher.runChanged(await endRun(scene, passedResults()))
  await send()
  expect(await body()).not.toContain('is already queued or running')
})

test('who was slow to tell of an older state does not have the last word', async () => {
  const { gitea, scene, publisher, commit, number, request, send, parts } = await stage()
  const row = await asked(scene, request())
  let met = false
  const store = {
    ...scene.store,
    async place(...args: Parameters<typeof scene.store.place>) {
      const place = await scene.store.place(...args)
      if (!met) {
        met = true
        await publisher.runChanged(await endRun(scene, passedResults()))
      }
      return place
    },
  }
  await createPublisher({ ...parts, store }).runChanged(row)
  await send()
  const { ours, statuses } = await shown(gitea, number, commit)
  expect(statuses[0]).toMatch(/^cc-ci\/testme success/)
  expect(ours[0]?.body).toContain('| upgrade |')
})

test('our comment is found behind more comments than a page of the forge has, and never doubled', async () => {
  const { gitea, scene, publisher, commit, number, request, send, parts } = await stage()
  const talk = async (count: number) => {
    for (let at = 0; at < count; at++) await gitea.comment(gitea.people.member, gitea.repository, number, `talk ${at}`)
  }
  await talk(55)
  await publisher.runChanged(await asked(scene, request()))
  await send()
  await talk(55)
  const ended = await endRun(scene, passedResults())
  await publisher.runChanged(ended)
  // As after the loss of the database: which comment is ours is known to the forge alone.
  const forgetful = {
    ...scene.store,
    takePending: async (...args: Parameters<typeof scene.store.takePending>) =>
      (await scene.store.takePending(...args)).map((one) => ({ ...one, remoteId: null })),
  }
  await sendPending({ ...parts, store: forgetful }, new AbortController().signal)
  const { ours } = await shown(gitea, number, commit)
  expect(ours.map(({ body }) => body)).toEqual([expect.stringContaining('| upgrade |')])
  // Deleted by somebody: written again when there is something new to say, once.
  await gitea.deleteComment(gitea.people.admin, gitea.repository, ours[0]?.id ?? 0)
  await publisher.runChanged(ended)
  await send()
  expect((await shown(gitea, number, commit)).ours).toEqual([])
  await publisher.runChanged(await asked(scene, request()))
  for (let at = 0; at < 3; at++) await send()
  expect((await shown(gitea, number, commit)).ours).toHaveLength(1)
  expect(await scene.store.countPending()).toBe(0)
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { approve, readApprovals, revoke } from '../../src/gate/approvals.ts'
import { giteaForge } from '../../src/server/forge/gitea/forge.ts'
import { createOperations } from '../../src/server/operations.ts'
import { createPublisher } from '../../src/server/publishing/publisher.ts'
import { type Gitea, startGitea } from './support/gitea.ts'
import { endRun, openScene } from './support/scene.ts'

let gitea: Gitea
beforeAll(async () => {
  gitea = await startGitea()
})
afterAll(() => gitea?.[Symbol.asyncDispose]())

/** What an operator may do with the token of this account, on a store of the test's own. */
async function office(as: 'bot' | 'admin' = 'bot', largest: number | null = null) {
  const { token } = gitea.people[as]
  const scene = await openScene({ forgeUrl: gitea.url, forgeToken: token })
  const parts = { ...scene.parts, forge: giteaForge({ baseUrl: gitea.url, token }) }
  return {
    scene,
    store: scene.store,
    forge: parts.forge,
    operations: createOperations({ ...parts, publisher: createPublisher(parts), largestWorker: async () => largest }),
  }
}

const name = 'coop/hello'
const by = 'operator'

async function hooks(of: string): Promise<readonly string[]> {
  const found = await gitea.api<{ config: { url: string } }[]>(gitea.people.admin, 'GET', `/${of}/hooks`)
  return found.map(({ config }) => config.url)
}

test('enrols with a webhook where the token may, and takes it away again', async () => {
  const { operations, store } = await office('admin')
  for (const [one, of] of [
    [name, `repos/${name}`],
    ['coop', 'orgs/coop'],
  ] as const) {
    const { enrollment, paste } = await operations.enroll({ name: one, allow: ['ann'], memoryBytes: 5 }, by)
    expect(enrollment).toMatchObject({ name: one, allow: ['ann'], memoryBytes: 5, by, webhook: expect.any(Number) })
    expect(paste).toBeNull()
    expect(await hooks(of)).toEqual(['https://ci.example.org/hooks/gitea'])
    await expect(operations.enroll({ name: one.toUpperCase() }, by)).rejects.toMatchObject({ code: 'already-enrolled' })
    expect(await operations.withdraw(one.toUpperCase(), by)).toBe(true)
    expect(await operations.withdraw(one, by)).toBe(false)
    expect(await hooks(of)).toEqual([])
  }
  expect(await store.enrollments()).toEqual([])
})

test('says what to paste, and where, when the token may not', async () => {
  const { operations, store } = await office()
  const { enrollment, paste } = await operations.enroll({ name }, by)
  expect(enrollment.webhook).toBeNull()
  expect(paste).toEqual({
    ...{ url: 'https://ci.example.org/hooks/gitea', contentType: 'json', events: ['pull_request_comment'] },
    ...{ page: `${gitea.url}/coop/hello/settings/hooks/gitea/new`, secret: 'CC_CI_WEBHOOK_SECRET' },
  })
  expect((await store.enrollmentOf(name))?.by).toBe(by)
})

test('refuses to enrol what is not there, and mirrors of nothing', async () => {
  const { operations, store } = await office()
  const codeOf = (order: { name: string; mirrorOf?: string }) =>
    operations.enroll({ ...order }, by).catch(({ code }: { code: string }) => code)
  expect(await codeOf({ name: 'coop/nothing' })).toBe('no-such-repository')
  expect(await codeOf({ name: '../etc' })).toBe('bad-name')
  expect(await codeOf({ name, mirrorOf: 'coop/nothing' })).toBe('no-such-repository')
  expect(await codeOf({ name, mirrorOf: 'Coop/Hello' })).toBe('bad-mirror')
  expect(await codeOf({ name, mirrorOf: 'https://evil.example/x' })).toBe('bad-mirror')
  expect(await codeOf({ name: 'coop', mirrorOf: name })).toBe('bad-mirror')
  expect(await store.enrollments()).toEqual([])
})

test('starts the default branch, a pull request, and nothing that is not there', async () => {
  const { operations, store, forge } = await office()
  await expect(operations.start({ repository: name }, by)).rejects.toMatchObject({ code: 'not-enrolled' })
  await operations.enroll({ name: 'coop', memoryBytes: 77 }, by)
  const main = await forge.resolveCommit(name, 'main')
  const run = await operations.start({ repository: name, quick: true, base: 'none', priority: 'sweep' }, by)
  expect(run).toMatchObject({ commit: main, pull: null, quick: true, base: 'none', priority: 'sweep', memoryBytes: 77 })
  expect((await store.run(run.id))?.state).toBe('queued')
  expect(run.ref).toEqual({ name: 'main', isDefault: true })
  const byName = await operations.start({ repository: name, ref: 'main' }, by)
  expect(byName.ref).toEqual({ name: 'main', isDefault: true })
  const byCommit = await operations.start({ repository: name, ref: main ?? '' }, by)
  expect(byCommit.ref).toEqual({ name: main, isDefault: false })
  const commit = await gitea.push({ as: gitea.people.member, repository: name, branch: 'change', files: { a: 'b' } })
  const { number } = await gitea.openPull({ as: gitea.people.member, repository: name, head: 'change' })
  expect(await operations.start({ repository: name, pull: number }, 'ann')).toMatchObject({
    ...{
      commit,
      priority: 'manual',
      pull: { number, headRef: 'change', baseRef: 'main', comment: null, author: 'ann' },
    },
  })
  expect(await store.countPending()).toBe(2)
  await expect(operations.start({ repository: name, ref: 'nothing' }, by)).rejects.toMatchObject({
    code: 'ref-not-found',
  })
  await expect(operations.start({ repository: name, pull: 999 }, by)).rejects.toMatchObject({
    code: 'no-such-repository',
  })
})

test('runs the same commit again, and cancels once', async () => {
  const { operations, scene, store } = await office()
  await operations.enroll({ name }, by)
  const first = await operations.start({ repository: name, quick: true }, by)
  await endRun(scene, null, { verdict: 'pass' })
  expect(await operations.cancel(first.id, by)).toBe('ended')
  const again = await operations.rerun(first.id, 'ann')
  expect(again).toEqual({ ...first, id: again.id, at: again.at })
  expect(again.id).not.toBe(first.id)
  expect(await operations.cancel(again.id, 'ann')).toBe('cancelled')
  expect(await store.run(again.id)).toMatchObject({ state: 'cancelled', cancelReason: 'cancelled by ann' })
  for (const act of [operations.rerun, operations.cancel])
    await expect(act('20260101-000000-aaaaaa', by)).rejects.toMatchObject({ code: 'no-such-run' })
})

test('starts nothing in a repository that is enrolled no longer, and nothing that no worker could take', async () => {
  const { operations, store } = await office('bot', 4000)
  await operations.enroll({ name, memoryBytes: 4000 }, by)
  const { id } = await operations.start({ repository: name }, by)
  await operations.withdraw(name, by)
  await expect(operations.rerun(id, by)).rejects.toMatchObject({ code: 'not-enrolled' })
  await operations.enroll({ name, memoryBytes: 4001 }, by)
  for (const act of [operations.rerun(id, by), operations.start({ repository: name }, by)])
    await expect(act).rejects.toMatchObject({ code: 'too-big' })
  expect(await store.counts()).toMatchObject({ queued: 0, cancelled: 1 })
})

const TEST = 'cc-ci/tests/custom/a.spec.ts'

test('approves the code of one whole commit of a repository, as its runs name it, and takes it back', async () => {
  const { operations, scene, forge } = await office()
  const push = (files: Record<string, string>) =>
    gitea.push({ as: gitea.people.admin, repository: name, branch: 'main', files })
  const before = await push({ 'README.md': 'no code yet' })
  await expect(operations.approve(name, before, by)).rejects.toMatchObject({ code: 'nothing-to-approve' })
  await expect(operations.approve(name, 'c'.repeat(40), by)).rejects.toMatchObject({ code: 'no-such-commit' })
  const commit = await push({ [TEST]: 'one', 'cc-ci/cc-ci.yml': 'a: 1' })
  expect(await operations.codeOf(name, commit)).toEqual({
    approved: false,
    against: null,
    files: [
      { path: 'cc-ci.yml', change: 'added', patch: ['@@ -1 +1 @@', '+a: 1', expect.stringContaining('No newline')] },
      { path: 'tests/custom/a.spec.ts', change: 'added', patch: expect.arrayContaining(['+one']) },
    ],
  })
  // The word on another repository is none on this one, whatever its commit and code are called.
  const tree = await forge.folderTree(name, commit, 'cc-ci')
  const elsewhere = { repository: `${gitea.url}/coop/other.git`, commit, branch: null, tree, at: '' }
  approve(scene.settings.state, elsewhere)
  expect(await operations.codeOf(name, commit)).toMatchObject({ approved: false, against: null })
  revoke(scene.settings.state, elsewhere.repository, commit)
  await operations.approve(name, commit, by)
  expect(readApprovals(scene.settings.state)).toMatchObject([
    { repository: `${gitea.url}/coop/hello.git`, commit, branch: null, tree: expect.stringMatching(/^[0-9a-f]{40}$/) },
  ])
  expect(operations.approvals()).toMatchObject([{ repository: name, commit }])
  const same = await push({ 'README.md': 'other words' })
  expect(await operations.codeOf(name, same)).toMatchObject({ approved: true, against: { commit } })
  const other = await push({ [TEST]: 'two', 'cc-ci/more.ts': 'x' })
  expect(await operations.codeOf(name, other)).toMatchObject({
    approved: false,
    files: [
      { path: 'cc-ci.yml', change: 'same', patch: null },
      { path: 'more.ts', change: 'added' },
      { path: 'tests/custom/a.spec.ts', change: 'changed', patch: expect.arrayContaining(['-one', '+two']) },
    ],
  })
  expect(await operations.revokeApproval(name, other, by)).toBe(false)
  expect(await operations.revokeApproval(name, commit, by)).toBe(true)
  expect(await operations.codeOf(name, same)).toMatchObject({ approved: false, against: null })
  await operations.approve(name, commit, by)
  for (const [repository, what] of [
    [name, 'main'],
    [name, 'c'.repeat(12)],
    ['hello', commit],
  ] as const)
    await expect(operations.approve(repository, what, by)).rejects.toMatchObject({ code: 'bad-approval' })
  expect(readApprovals(scene.settings.state)).toHaveLength(1)
})

test('what waits of a repository that is withdrawn is cancelled, unless its organisation is enrolled', async () => {
  const { operations, store } = await office()
  await operations.enroll({ name }, by)
  await operations.enroll({ name: 'coop' }, by)
  const { id } = await operations.start({ repository: name }, by)
  await operations.withdraw(name, by)
  expect((await store.run(id))?.state).toBe('queued')
  await operations.withdraw('coop', by)
  expect(await store.run(id)).toMatchObject({ state: 'cancelled', cancelReason: 'coop is enrolled no longer' })
})

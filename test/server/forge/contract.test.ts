// cspell:ignore testme deadbee
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../../../src/lib/async/wait.ts'
import type { Forge } from '../../../src/server/contract/forge.ts'
import { FORGES } from '../../../src/server/forge/forges.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'

let gitea: Gitea
let forge: Forge
const REPO = 'coop/recipe'
const NEVER = '2020-01-01T00:00:00Z'

beforeAll(async () => {
  gitea = await startGitea()
  forge = FORGES.gitea.connect({ baseUrl: `${gitea.url}/`, token: gitea.people.bot.token })
  await gitea.makeRepository(REPO, { 'compose.yml': 'services: {}\n' }, ['1.0.0+1.0'])
  await gitea.fork(gitea.people.stranger, REPO)
})
afterAll(() => gitea?.[Symbol.asyncDispose]())

/** A pull request of a branch of the stranger's fork, which has one commit. */
async function pullOf(branch: string): Promise<{ readonly number: number; readonly head: string }> {
  const as = gitea.people.stranger
  const begun = { as, repository: 'stranger/recipe', branch, from: 'main' }
  await gitea.push({ ...begun, files: { [`${branch}.txt`]: branch } })
  return gitea.openPull({ as, repository: REPO, head: `stranger:${branch}` })
}

const pushAgain = (branch: string) =>
  gitea.push({
    as: gitea.people.stranger,
    repository: 'stranger/recipe',
    branch,
    files: { more: `${branch} ${Math.random()}` },
  })

/** Waits until the forge's whole-second clock shows a later second. */
async function nextSecond(): Promise<void> {
  const now = () => Math.floor(Date.now() / 1000)
  const begun = now()
  await waitFor<null, never>(
    async () => (now() > begun ? { state: 'ready', value: null } : { state: 'waiting', reason: 'the same second' }),
    { name: 'the next second', timeoutMs: 5_000, everyMs: 20 },
  )
}

async function codeOf(act: Promise<unknown>): Promise<unknown> {
  return act.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code,
  )
}

describe('who', () => {
  it('knows its own account', async () => {
    expect(await forge.self()).toBe('bot')
    expect(forge.baseUrl).toBe(gitea.url)
  })

  it('tells members from strangers', async () => {
    expect(await forge.isMember('coop', 'member')).toBe(true)
    expect(await forge.isMember('coop', 'stranger')).toBe(false)
    expect(await forge.isMember('coop', 'nobody-of-that-name')).toBe(false)
    expect(await forge.isMember('coop', '../../users')).toBe(false)
    expect(await forge.isMember('coop', '..')).toBe(false)
  })

  it('does not take a view from outside for an answer', async () => {
    const outside = FORGES.gitea.connect({ baseUrl: gitea.url, token: gitea.people.stranger.token })
    expect(await codeOf(outside.isMember('coop', 'member'))).toBe('forge-refused')
  })

  it('says that a token is wrong, and not the token', async () => {
    const token = 'f'.repeat(40)
    const wrong = await FORGES.gitea
      .connect({ baseUrl: gitea.url, token })
      .self()
      .catch((error) => error)
    expect(wrong).toMatchObject({ code: 'forge-refused', hint: expect.stringContaining('write:issue') })
    expect(String(wrong.message)).not.toContain(token)
  })
})

describe('pull requests', () => {
  it('gives head and base, of a fork too', async () => {
    const { number, head } = await pullOf('one')
    expect(await forge.pull(REPO, number)).toMatchObject({
      number,
      state: 'open',
      author: 'stranger',
      head: { sha: head, ref: 'one', repository: 'stranger/recipe' },
      base: { ref: 'main', sha: await forge.resolveCommit(REPO, 'main') },
    })
    expect(await codeOf(forge.pull(REPO, 9999))).toBe('forge-missing')
  })

  it('still gives a head whose fork is gone', async () => {
    const other = await gitea.makeUser('leaver')
    await gitea.fork(other, REPO)
    const head = await gitea.push({ as: other, repository: 'leaver/recipe', branch: 'gone', files: { g: 'g' } })
    const { number } = await gitea.openPull({ as: other, repository: REPO, head: 'leaver:gone' })
    await gitea.api(other, 'DELETE', '/repos/leaver/recipe')
    expect((await forge.pull(REPO, number)).head).toMatchObject({ sha: head, repository: null })
  })

  it('finds where something is new', async () => {
    const { number } = await pullOf('active')
    await gitea.comment(gitea.people.member, REPO, number, 'hello')
    expect(await forge.activePulls('coop', NEVER)).toContainEqual({ repository: REPO, pull: number })
    expect(await forge.activePulls('coop', '2999-01-01T00:00:00Z')).toEqual([])
    expect(await forge.repositories('coop')).toEqual(['coop/hello', REPO])
  })
})

describe('what was pushed after a comment', () => {
  it('does not take the opening for a push', async () => {
    const { number } = await pullOf('opened')
    const id = await gitea.comment(gitea.people.member, REPO, number, '!testme')
    const { createdAt } = (await forge.comment(REPO, id)) ?? { createdAt: '' }
    expect(await forge.pushedSince(REPO, number, createdAt)).toBeNull()
    expect(await forge.pushedSince(REPO, number, NEVER)).toBeNull()
  })

  it('sees a push, of a fork, at once; and not one before', async () => {
    const { number } = await pullOf('pushed')
    await gitea.historyTells(REPO, number, await pushAgain('pushed'))
    await nextSecond()
    const id = await gitea.comment(gitea.people.member, REPO, number, '!testme')
    const at = (await forge.comment(REPO, id))?.createdAt ?? ''
    expect(await forge.pushedSince(REPO, number, at)).toBeNull()
    const head = await pushAgain('pushed')
    await gitea.headIs(REPO, number, head)
    const pushed = await forge.pushedSince(REPO, number, at)
    expect(Date.parse(pushed ?? '')).toBeGreaterThanOrEqual(Date.parse(at))
  })

  it('sees every kind of force-push', async () => {
    const { number, head } = await pullOf('forced')
    const second = await pushAgain('forced')
    await gitea.historyTells(REPO, number, second)
    const order = { as: gitea.people.stranger, repository: 'stranger/recipe', branch: 'forced' }
    const main = (await forge.resolveCommit(REPO, 'main')) ?? ''
    for (const to of [head, second, main]) {
      await nextSecond()
      const at = new Date().toISOString()
      expect(await forge.pushedSince(REPO, number, at), `before ${to}`).toBeNull()
      await gitea.forcePush({ ...order, to })
      await gitea.headIs(REPO, number, to)
      expect(await forge.pushedSince(REPO, number, at), to).not.toBeNull()
    }
  })
})

describe('comments', () => {
  it('gives those of pull requests since a time, oldest first, over all pages', async () => {
    const { number } = await pullOf('talk')
    await nextSecond()
    const since = new Date().toISOString()
    const ids: number[] = []
    for (let count = 0; count < 53; count++)
      ids.push(await gitea.comment(gitea.people.member, REPO, number, `number ${count}`))
    const { number: issue } = await gitea.api<{ number: number }>(
      gitea.people.member,
      'POST',
      `/repos/${REPO}/issues`,
      { title: 'no pull request' },
    )
    await gitea.comment(gitea.people.member, REPO, issue, '!testme')
    const found = await forge.commentsSince(REPO, since)
    expect(found.map(({ id }) => id)).toEqual(ids)
    expect(found[0]).toMatchObject({ body: 'number 0', author: 'member', pull: number, repository: REPO })
    expect(await forge.commentsSince(REPO, '2999-01-01T00:00:00Z')).toEqual([])
  })

  it('makes, finds, edits its own; knows what is gone', async () => {
    const { number } = await pullOf('answer')
    await gitea.comment(gitea.people.stranger, REPO, number, '<!-- cc-ci --> not ours')
    expect(await forge.findComment(REPO, number, '<!-- cc-ci -->')).toBeNull()
    const id = await forge.addComment(REPO, number, '<!-- cc-ci -->\nqueued')
    expect(await forge.editComment(REPO, id, '<!-- cc-ci -->\nrunning')).toBe(true)
    expect(await forge.findComment(REPO, number, '<!-- cc-ci -->')).toMatchObject({
      id,
      body: '<!-- cc-ci -->\nrunning',
      author: 'bot',
      pull: number,
    })
    await gitea.deleteComment(gitea.people.admin, REPO, id)
    expect(await forge.editComment(REPO, id, 'late')).toBe(false)
    expect(await forge.comment(REPO, id)).toBeNull()
  })
})

describe('statuses', () => {
  it('sets the newest of its context', async () => {
    const { head } = await pullOf('status')
    const pending = { context: 'cc-ci/testme', state: 'pending', description: 'queued', url: 'http://x/1' } as const
    expect(await forge.latestStatus(REPO, head, pending.context)).toBeNull()
    await forge.setStatus(REPO, head, pending)
    await forge.setStatus(REPO, head, { ...pending, context: 'other', state: 'failure' })
    await forge.setStatus(REPO, head, { ...pending, state: 'success', description: 'level 5' })
    expect(await forge.latestStatus(REPO, head, pending.context)).toEqual({
      ...pending,
      state: 'success',
      description: 'level 5',
    })
  })

  it('knows a commit that is not there, and takes no short one', async () => {
    const status = { context: 'c', state: 'pending', description: '', url: '' } as const
    expect(await codeOf(forge.setStatus(REPO, 'a'.repeat(40), status))).toBe('forge-missing')
    expect(await codeOf(forge.setStatus(REPO, 'main', status))).toBe('forge-missing')
  })
})

describe('webhooks', () => {
  const values = { url: 'http://127.0.0.1:9/hook', contentType: 'json', events: ['pull_request_comment'] } as const

  it('gives null where the token may not', async () => {
    expect(await forge.ensureWebhook(REPO, values, 'a long secret here')).toBeNull()
    expect(await forge.ensureWebhook('coop', values, 'a long secret here')).toBeNull()
    await expect(forge.webhook(REPO, values.url)).rejects.toMatchObject({ code: 'forge-refused' })
  })

  it('makes one, finds it again, removes it', async () => {
    const owner = FORGES.gitea.connect({ baseUrl: gitea.url, token: gitea.people.admin.token })
    for (const name of [REPO, 'coop']) {
      const id = await owner.ensureWebhook(name, values, 'a long secret here')
      expect(id).toBeTypeOf('number')
      expect(await owner.ensureWebhook(name, values, 'a long secret here')).toBe(id)
      expect(await owner.webhook(name, values.url)).toMatchObject({ active: true, events: values.events })
      expect(await owner.webhook(name, `${values.url}/other`)).toBeNull()
      await owner.removeWebhook(name, id as number)
      await owner.removeWebhook(name, id as number)
    }
  })
})

describe('refs', () => {
  it('resolves branch, annotated tag, short and full commit', async () => {
    const main = (await forge.resolveCommit(REPO, 'main')) ?? ''
    expect(main).toMatch(/^[0-9a-f]{40}$/)
    expect(await forge.resolveCommit(REPO, '1.0.0+1.0')).toBe(main)
    expect(await forge.resolveCommit(REPO, main.slice(0, 10))).toBe(main)
    expect(await forge.resolveCommit(REPO, main)).toBe(main)
    expect(await forge.defaultBranch(REPO)).toBe('main')
  })

  it('lists tags with their commit, and tells annotated ones', async () => {
    const main = (await forge.resolveCommit(REPO, 'main')) ?? ''
    const answer = await fetch(`${gitea.url}/api/v1/repos/${REPO}/tags`, {
      method: 'POST',
      headers: { authorization: `token ${gitea.people.admin.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ tag_name: 'light', target: main }),
    })
    expect(answer.status).toBe(201)
    const tags = (await forge.tags(REPO)).filter(({ name }) => name === 'light' || name === '1.0.0+1.0')
    expect(tags.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: '1.0.0+1.0', commit: main, annotated: true },
      { name: 'light', commit: main, annotated: false },
    ])
    await expect(forge.tags('coop/nothing')).rejects.toMatchObject({ code: 'forge-missing' })
  })

  it('lists folders and files of a commit by their content', async () => {
    const push = (files: Record<string, string>) =>
      gitea.push({ as: gitea.people.admin, repository: REPO, branch: 'code', files })
    const one = await push({ 'cc-ci/a.ts': 'a', 'cc-ci/deep/b.ts': 'b', other: 'x' })
    const two = await push({ other: 'y' })
    const tree = (await forge.folderTree(REPO, one, 'cc-ci')) ?? ''
    expect(tree).toMatch(/^[0-9a-f]{40}$/)
    expect(await forge.folderTree(REPO, two, 'cc-ci')).toBe(tree)
    const files = await forge.filesOf(REPO, tree)
    expect([...files.keys()].sort()).toEqual(['a.ts', 'deep/b.ts'])
    expect(await forge.fileText(REPO, files.get('deep/b.ts') ?? '', 100)).toBe('b')
    expect(await forge.fileText(REPO, files.get('deep/b.ts') ?? '', 0)).toBeNull()
    await expect(forge.fileText(REPO, 'b'.repeat(40), 100)).rejects.toMatchObject({ code: 'forge-missing' })
    const three = await push({ 'cc-ci/a.ts': 'c' })
    const changed = await forge.filesOf(REPO, (await forge.folderTree(REPO, three, 'cc-ci')) ?? '')
    expect(changed.get('deep/b.ts')).toBe(files.get('deep/b.ts'))
    expect(changed.get('a.ts')).not.toBe(files.get('a.ts'))
    expect(await forge.folderTree(REPO, one, 'other')).toBeNull()
    expect(await forge.folderTree(REPO, one, 'nothing')).toBeNull()
    await expect(forge.folderTree(REPO, 'b'.repeat(40), 'cc-ci')).rejects.toMatchObject({ code: 'forge-missing' })
    await expect(forge.filesOf(REPO, 'b'.repeat(40))).rejects.toMatchObject({ code: 'forge-missing' })
  })

  it('reads a folder with more files than a page of the forge has', async () => {
    const files = Object.fromEntries(Array.from({ length: 1234 }, (_, at) => [`cc-ci/f${at}`, String(at)]))
    const commit = await gitea.push({ as: gitea.people.admin, repository: REPO, branch: 'many', files })
    const tree = (await forge.folderTree(REPO, commit, 'cc-ci')) ?? ''
    expect((await forge.filesOf(REPO, tree)).size).toBe(1234)
  })

  it('gives null for none and for several', async () => {
    await gitea.push({ as: gitea.people.admin, repository: REPO, branch: 'a/b', files: { x: 'x' } })
    await gitea.push({ as: gitea.people.admin, repository: REPO, branch: 'c', files: { y: 'y' }, tags: ['a/b'] })
    expect(await forge.resolveCommit(REPO, 'a/b')).toBeNull()
    expect(await forge.resolveCommit(REPO, 'c')).not.toBeNull()
    for (const none of ['nothing', 'b'.repeat(40), 'deadbee', '..', '../..', 'main/..', '-x', 'a b', '', 'HEAD~1'])
      expect(await forge.resolveCommit(REPO, none), none).toBeNull()
  })
})

describe('a forge that is away', () => {
  it('is forge-gone when stopped and when slow, and answers afterwards', async () => {
    const impatient = FORGES.gitea.connect({ baseUrl: gitea.url, token: gitea.people.bot.token, timeoutMs: 400 })
    gitea.pause()
    expect(await codeOf(impatient.defaultBranch(REPO))).toBe('forge-gone')
    gitea.resume()
    await gitea.stop()
    expect(await codeOf(impatient.defaultBranch(REPO))).toBe('forge-gone')
    await gitea.start()
    expect(await forge.defaultBranch(REPO)).toBe('main')
  })
})

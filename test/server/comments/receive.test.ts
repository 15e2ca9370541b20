// cspell:ignore testme
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nextSecond, Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
afterEach(() => stage.withdrawAll())
afterAll(() => stage?.close())

describe('who may', () => {
  it('makes a run of a member, bound to the head, and shows it', async () => {
    const pull = await stage.pull({ memoryBytes: 777 })
    const { comment } = await stage.hear('member', pull, '!testme --quick --base none\nplease')
    const [run, ...more] = await stage.runsOf(pull)
    expect(more).toEqual([])
    expect(run?.request).toMatchObject({
      repository: pull.repository,
      commit: pull.head,
      quick: true,
      base: 'none',
      priority: 'pull',
      memoryBytes: 777,
      deadlineMs: 60_000,
      pull: { number: pull.number, headRef: 'change', baseRef: 'main', comment: comment.id, author: 'member' },
    })
    expect(stage.repliesTo(pull)).toEqual([])
    expect(stage.shown.map(({ request }) => request.id)).toContain(run?.request.id)
    expect(await stage.store.decided(pull.repository, comment.id)).toMatchObject({
      decision: 'run',
      run: run?.request.id,
    })
  })

  it('refuses a stranger once, whatever they ask for', async () => {
    const pull = await stage.pull()
    for (const body of ['!testme', '!testme', '!testme what', '!cancel', 'hello'])
      await stage.hear('stranger', pull, body)
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'refused-stranger', login: 'stranger' }])
    expect(await stage.runsOf(pull)).toEqual([])
  })

  it('lets in whoever is on the allow-list, in any case', async () => {
    const pull = await stage.pull({ allow: ['Stranger'] })
    await stage.hear('stranger', pull, '!testme')
    expect(await stage.runsOf(pull)).toHaveLength(1)
  })

  it('lets in whose own the repository is', async () => {
    const { stranger, admin } = stage.gitea.people
    const repository = `${stranger.login}/own`
    await stage.gitea.api(stranger, 'POST', '/user/repos', { name: 'own', default_branch: 'main', auto_init: true })
    await stage.gitea.api(stranger, 'PUT', `/repos/${repository}/collaborators/bot`, { permission: 'write' })
    await stage.enrol({ name: repository })
    const file = { branch: 'main', new_branch: 'change', content: btoa('a'), message: 'a change' }
    await stage.gitea.api(stranger, 'POST', `/repos/${repository}/contents/a`, file)
    const { number } = await stage.gitea.openPull({ as: stranger, repository, head: 'change' })
    await stage.gitea.comment(admin, repository, number, '!testme')
    await stage.gitea.comment(stranger, repository, number, '!testme')
    await stage.poll()
    expect((await stage.runsOf({ repository })).map(({ request }) => request.pull?.author)).toEqual([stranger.login])
    expect(stage.repliesTo({ repository })).toEqual([{ kind: 'refused-stranger', login: admin.login }])
    await stage.store.withdraw(repository)
  })

  it('takes a member of another organisation for a stranger', async () => {
    const other = await stage.gitea.makeUser('other')
    await stage.gitea.api(other, 'POST', '/orgs', { username: 'elsewhere', visibility: 'public' })
    const pull = await stage.pull()
    const id = await stage.gitea.comment(other, pull.repository, pull.number, '!testme')
    await stage.comments.receive(await stage.receiver.of(id))
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'refused-stranger', login: 'other' }])
  })

  it('ignores its own comments, and stores nothing of them or of talk', async () => {
    const pull = await stage.pull({ allow: ['bot'] })
    const own = await stage.hear('bot', pull, '!testme')
    const talk = await stage.hear('member', pull, 'well done\n!testme')
    for (const { comment } of [own, talk]) expect(await stage.store.decided(pull.repository, comment.id)).toBeNull()
    expect([await stage.runsOf(pull), stage.repliesTo(pull)]).toEqual([[], []])
  })

  it('says that a repository is not enrolled', async () => {
    const pull = await stage.pull()
    await stage.store.withdraw(pull.repository)
    await stage.hear('member', pull, '!testme')
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'not-enrolled' }])
  })

  it('ignores a comment that is older than the enrolment, and takes one of its second', async () => {
    const pull = await stage.pull()
    const id = await stage.gitea.comment(stage.gitea.people.member, pull.repository, pull.number, '!testme')
    const event = await stage.receiver.of(id)
    const second = Date.parse(event.comment.createdAt)
    await stage.enrol({ name: pull.repository, at: new Date(second + 1000).toISOString() })
    await stage.comments.receive(event)
    expect(await stage.runsOf(pull)).toEqual([])
    await stage.enrol({ name: pull.repository, at: new Date(second + 999).toISOString() })
    await stage.comments.receive(event)
    expect(await stage.runsOf(pull)).toHaveLength(1)
  })

  it('listens to a whole organisation', async () => {
    const pull = await stage.pull()
    await stage.store.withdraw(pull.repository)
    await stage.enrol({ name: 'COOP' })
    await stage.hear('member', pull, '!testme')
    expect(await stage.runsOf(pull)).toHaveLength(1)
  })
})

describe('a webhook is a hint', () => {
  it('to a comment that the forge has so, or to nothing', async () => {
    const pull = await stage.pull()
    const other = await stage.pull()
    const { member, stranger } = stage.gitea.people
    const talk = await stage.gitea.comment(stranger, pull.repository, pull.number, 'hello')
    const { comment, head } = await stage.receiver.of(talk)
    const asks = { ...comment, body: '!testme' }
    const forged = [
      { comment: { ...asks, author: member.login }, head },
      { comment: { ...asks, id: 999_999, author: member.login }, head },
      {
        comment: { ...asks, repository: other.repository, pull: other.number, author: member.login },
        head: other.head,
      },
      { comment: { ...asks, pull: pull.number + 1 }, head },
    ]
    for (const event of forged) await stage.comments.receive(event)
    // Its own author, other words than it has: it asks for what it says.
    await stage.comments.receive({ comment: asks, head })
    expect([await stage.runsOf(pull), await stage.runsOf(other)]).toEqual([[], []])
    expect([stage.repliesTo(pull), stage.repliesTo(other)]).toEqual([[], []])
    expect(await stage.store.decided(pull.repository, talk)).toBeNull()
  })

  it('which somebody may have edited or deleted since', async () => {
    const pull = await stage.pull()
    const { repository, number } = pull
    const { member } = stage.gitea.people
    const edited = await stage.gitea.comment(member, repository, number, '!testme')
    const gone = await stage.gitea.comment(member, repository, number, '!testme')
    const events = [await stage.receiver.of(edited), await stage.receiver.of(gone)]
    await nextSecond()
    await nextSecond()
    await stage.gitea.editComment(member, repository, edited, '!testme --quick')
    await stage.gitea.deleteComment(member, repository, gone)
    for (const event of events) await stage.comments.receive(event)
    expect(await stage.runsOf(pull)).toEqual([])
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'grammar', line: expect.stringMatching(/--quick \(edited/) }])
  })
})

describe('bound to the commit', () => {
  it('refuses what was pushed after the comment, and names both commits', async () => {
    const pull = await stage.pull()
    const id = await stage.gitea.comment(stage.gitea.people.member, pull.repository, pull.number, '!testme')
    const event = await stage.receiver.of(id)
    const head = await stage.pushAgain(pull)
    await stage.comments.receive(event)
    await stage.comments.receive(event)
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'pushed-after', head, commented: pull.head }])
    expect(await stage.runsOf(pull)).toEqual([])
  })

  it('takes a head that was forced away and back for the same commit', async () => {
    const pull = await stage.pull()
    const { repository, number } = pull
    const id = await stage.gitea.comment(stage.gitea.people.member, repository, number, '!testme')
    const event = await stage.receiver.of(id)
    await stage.pushAgain(pull)
    await stage.gitea.forcePush({ as: stage.gitea.people.member, repository, branch: 'change', to: pull.head })
    await stage.gitea.headIs(repository, number, pull.head)
    await stage.comments.receive(event)
    expect((await stage.runsOf(pull)).map(({ request }) => request.commit)).toEqual([pull.head])
  })

  it('tests a named commit that is the head, though it was pushed after', async () => {
    const pull = await stage.pull()
    const head = await stage.pushAgain(pull)
    await stage.hear('member', pull, `!testme ${head.slice(0, 10).toUpperCase()}`)
    await stage.hear('member', pull, `!testme ${pull.head}`)
    expect((await stage.runsOf(pull)).map(({ request }) => request.commit)).toEqual([head])
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'wrong-sha', head, requested: pull.head }])
  })

  it('tests the head of a fork', async () => {
    const { repository } = await stage.pull()
    const as = stage.gitea.people.stranger
    const fork = await stage.gitea.fork(as, repository)
    const head = await stage.gitea.push({ as, repository: fork, branch: 'theirs', files: { b: 'b' }, from: 'main' })
    const { number } = await stage.gitea.openPull({ as, repository, head: 'stranger:theirs' })
    await stage.hear('stranger', { repository, number }, '!testme')
    await stage.hear('member', { repository, number }, '!testme')
    const runs = await stage.runsOf({ repository })
    expect(runs.map(({ request }) => [request.repository, request.commit])).toEqual([[repository, head]])
  })

  it('says that a pull request is closed', async () => {
    const pull = await stage.pull()
    const path = `/repos/${pull.repository}/pulls/${pull.number}`
    await stage.gitea.api(stage.gitea.people.member, 'PATCH', path, { state: 'closed' })
    await stage.hear('member', pull, '!testme')
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'closed' }])
  })
})

describe('once', () => {
  it('makes one run of thirty deliveries at once, at two servers', async () => {
    const pull = await stage.pull()
    const id = await stage.gitea.comment(stage.gitea.people.member, pull.repository, pull.number, '!testme')
    const event = await stage.receiver.of(id)
    const other = stage.another()
    await Promise.all(Array.from({ length: 30 }, (_, at) => (at % 2 ? other : stage.comments).receive(event)))
    await stage.comments.receive(event)
    expect(await stage.runsOf(pull)).toHaveLength(1)
    expect(stage.repliesTo(pull)).toEqual([])
  })

  it('answers the same again with the active run, and supersedes by another wish', async () => {
    const pull = await stage.pull()
    await stage.hear('member', pull, '!testme')
    const [first] = await stage.runsOf(pull)
    const again = await stage.hear('member', pull, '!testme --base auto')
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'already-running', run: first?.request.id }])
    expect(await stage.store.decided(pull.repository, again.comment.id)).toMatchObject({
      decision: 'ignored',
      run: first?.request.id,
    })
    stage.shown.length = 0
    await stage.hear('member', pull, '!testme --quick')
    const runs = await stage.runsOf(pull)
    expect(runs.map(({ state }) => state).sort()).toEqual(['cancelled', 'queued'])
    expect(stage.shown.map(({ state }) => state)).toEqual(['cancelled', 'queued'])
  })

  it('lets an older comment that comes late change nothing', async () => {
    const pull = await stage.pull()
    const { member } = stage.gitea.people
    const id = await stage.gitea.comment(member, pull.repository, pull.number, '!testme')
    const cancel = await stage.gitea.comment(member, pull.repository, pull.number, '!cancel')
    await stage.hear('member', pull, '!testme --quick')
    await stage.comments.receive(await stage.receiver.of(cancel))
    await stage.comments.receive(await stage.receiver.of(id))
    const runs = await stage.runsOf(pull)
    expect(runs.map(({ state, request }) => [state, request.quick])).toEqual([['queued', true]])
    expect(stage.repliesTo(pull)).toEqual([
      { kind: 'nothing-to-cancel' },
      { kind: 'already-running', run: runs[0]?.request.id },
    ])
  })
})

describe('other words', () => {
  it('answers a member with the grammar', async () => {
    const pull = await stage.pull()
    const { comment } = await stage.hear('member', pull, '!testme now')
    const said = { login: 'member', comment: comment.id, head: pull.head }
    expect(stage.said.filter((one) => one.repository === pull.repository)).toEqual([
      { ...place(pull), ...said, reply: { kind: 'grammar', line: '!testme now' } },
    ])
  })

  it('says what no worker can hold', async () => {
    const pull = await stage.pull({ memoryBytes: 5000 })
    stage.largest = 4000
    await stage.hear('member', pull, '!testme')
    stage.largest = null
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'too-big', memoryBytes: 5000, largest: 4000 }])
    expect(await stage.runsOf(pull)).toEqual([])
  })

  it('cancels what is queued and asks what is running, and tests again after it', async () => {
    const pull = await stage.pull()
    await stage.hear('member', pull, '!testme')
    const capacity = { worker: 'w', memoryBytes: 1e9, freeBytes: 1e9, harness: 'h' }
    const claim = await claimOf(pull.repository, capacity)
    await stage.hear('member', pull, '!testme --quick')
    await stage.hear('member', pull, '!cancel')
    const runs = await stage.runsOf(pull)
    expect(runs.map(({ state }) => state).sort()).toEqual(['cancelled', 'running'])
    expect(runs.every(({ cancelReason }) => cancelReason?.startsWith('cancelled by member'))).toBe(true)
    const cancelled = {
      kind: 'cancelled',
      by: 'member',
      runs: expect.arrayContaining(runs.map(({ request }) => request.id)),
    }
    expect(stage.repliesTo(pull)).toEqual([cancelled])
    await stage.hear('member', pull, '!testme')
    expect((await stage.runsOf(pull)).filter(({ state }) => state === 'queued')).toHaveLength(1)
    expect(claim.request.repository).toBe(pull.repository)
  })
})

function place({ repository, number }: { repository: string; number: number }) {
  return { repository, pull: number }
}

/** Claims until it is this repository's turn: runs of other tests are queued too. */
async function claimOf(repository: string, capacity: Parameters<Stage['store']['claim']>[0]) {
  for (;;) {
    const claim = await stage.store.claim(capacity, Date.now(), 60_000)
    if (!claim) throw new Error(`nothing of ${repository} to claim`)
    if (claim.request.repository === repository) return claim
  }
}

// cspell:ignore testme
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ForgeError } from '../../../src/server/contract/errors.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { nextSecond, Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
afterEach(() => stage.withdrawAll())
afterAll(() => stage?.close())

const write = ({ repository, number }: { repository: string; number: number }, body: string) =>
  stage.gitea.comment(stage.gitea.people.member, repository, number, body)

describe('one round', () => {
  it('decides what no webhook told, once', async () => {
    const pull = await stage.pull()
    await write(pull, 'talk')
    await write(pull, '!testme')
    expect(await stage.poll()).toBe(1)
    expect(await stage.poll()).toBe(0)
    expect(await stage.poll(stage.another())).toBe(0)
    expect((await stage.runsOf(pull)).map(({ request }) => request.commit)).toEqual([pull.head])
    expect(stage.repliesTo(pull)).toEqual([])
  })

  it('makes one run of a comment that comes by webhook and by poll', async () => {
    const pull = await stage.pull()
    const id = await write(pull, '!testme')
    const event = await stage.receiver.of(id)
    await Promise.all([stage.comments.receive(event), stage.poll(), stage.poll(stage.another())])
    await stage.comments.receive(event)
    expect(await stage.runsOf(pull)).toHaveLength(1)
    expect(stage.repliesTo(pull)).toEqual([])
  })

  it('finds every repository of an organisation', async () => {
    const pulls = [await stage.pull(), await stage.pull()]
    await stage.withdrawAll()
    await stage.enrol({ name: 'coop' })
    for (const pull of pulls) await write(pull, '!testme --quick')
    expect(await stage.poll()).toBe(2)
    for (const pull of pulls) expect(await stage.runsOf(pull)).toHaveLength(1)
  })

  it('continues where an enrolment names nothing', async () => {
    const pull = await stage.pull()
    await stage.enrol({ name: 'coop/a-nothing' })
    await stage.enrol({ name: 'a-nothing' })
    await write(pull, '!testme')
    expect(await stage.poll()).toBe(1)
    expect(await stage.store.cursor('coop/a-nothing')).toBe((await stage.store.enrollmentOf('coop/a-nothing'))?.at)
  })

  it('shows a run again that is still queued, for the case that nobody did', async () => {
    const pull = await stage.pull()
    await write(pull, '!testme')
    const mute = stage.another({ publisher: { runChanged: () => Promise.reject(new Error('killed here')) } })
    await stage.poll(mute)
    const [run] = await stage.runsOf(pull)
    expect(stage.shown.some(({ request }) => request.id === run?.request.id)).toBe(false)
    await stage.poll()
    expect(stage.shown.filter(({ request }) => request.id === run?.request.id)).toHaveLength(1)
    expect(await stage.runsOf(pull)).toHaveLength(1)
  })

  it('says again what was said to nobody', async () => {
    const pull = await stage.pull()
    await write(pull, '!testme what')
    const killed = stage.another({ replies: { reply: () => Promise.reject(new Error('killed here')) } })
    expect(await stage.poll(killed)).toBe(0)
    expect(await stage.poll()).toBe(1)
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'grammar', line: '!testme what' }])
  })

  it.each(['reply', 'firstRefusal', 'decide'] as const)(
    'refuses a stranger once where it was killed at %s',
    async (at) => {
      const pull = await stage.pull()
      await stage.gitea.comment(stage.gitea.people.stranger, pull.repository, pull.number, '!testme')
      const kill = () => Promise.reject(new Error('killed here'))
      const killed = stage.another(
        at === 'reply' ? { replies: { reply: kill } } : { store: { ...stage.store, [at]: kill } },
      )
      expect(await stage.poll(killed)).toBe(0)
      expect(await stage.poll()).toBe(1)
      const said = new Set(stage.repliesTo(pull).map((reply) => JSON.stringify(reply)))
      expect([...said]).toEqual([JSON.stringify({ kind: 'refused-stranger', login: 'stranger' })])
      const count = stage.repliesTo(pull).length
      await stage.gitea.comment(stage.gitea.people.stranger, pull.repository, pull.number, '!testme')
      expect(await stage.poll()).toBe(1)
      expect(stage.repliesTo(pull)).toHaveLength(count)
    },
  )
})

describe('the cursor', () => {
  it('follows what whole rounds have seen, and stands while a comment is undecided', async () => {
    const pull = await stage.pull()
    const intake = stage.another()
    const begun = await stage.store.cursor(pull.repository)
    await nextSecond()
    await write(pull, 'talk')
    await stage.poll(intake)
    await stage.poll(intake)
    const [talk] = await stage.gitea.comments(pull.repository, pull.number)
    const second = await stage.store.cursor(pull.repository)
    expect(Date.parse(second ?? '')).toBe(Date.parse(talk?.updatedAt ?? ''))
    expect(Date.parse(second ?? '')).toBeGreaterThan(Date.parse(begun ?? ''))
    await nextSecond()
    await write(pull, '!testme what')
    const killed = stage.another({ replies: { reply: () => Promise.reject(new Error('killed here')) } })
    for (let at = 0; at < 3; at++) await stage.poll(killed)
    expect(await stage.store.cursor(pull.repository)).toBe(second)
  })
})

describe('bound to the commit', () => {
  it('refuses what was pushed after the comment', async () => {
    const pull = await stage.pull()
    await write(pull, '!testme')
    await nextSecond()
    const head = await stage.pushAgain(pull)
    await stage.poll()
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'pushed-after', head, commented: null }])
    expect(await stage.runsOf(pull)).toEqual([])
    await write(pull, `!testme ${head}`)
    await stage.poll()
    expect((await stage.runsOf(pull)).map(({ request }) => request.commit)).toEqual([head])
  })

  it('refuses what was forced after the comment, to an older commit too', async () => {
    const pull = await stage.pull()
    const { repository, number } = pull
    const as = stage.gitea.people.member
    await stage.pushAgain(pull)
    await nextSecond()
    await write(pull, '!testme')
    await nextSecond()
    await stage.gitea.forcePush({ as, repository, branch: 'change', to: pull.head })
    await stage.gitea.headIs(repository, number, pull.head)
    await stage.poll()
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'pushed-after', head: pull.head, commented: null }])
  })

  it('takes a head that was pushed before the comment', async () => {
    const pull = await stage.pull()
    const head = await stage.pushAgain(pull)
    await nextSecond()
    await write(pull, '!testme')
    await stage.poll()
    expect((await stage.runsOf(pull)).map(({ request }) => request.commit)).toEqual([head])
  })
})

describe('an edited comment', () => {
  it('changes nothing that was decided', async () => {
    const pull = await stage.pull()
    const { comment } = await stage.hear('member', pull, '!testme')
    await nextSecond()
    await nextSecond()
    for (const body of ['!testme --quick', '!testme what', '!cancel']) {
      await stage.gitea.editComment(stage.gitea.people.member, pull.repository, comment.id, body)
      expect(await stage.poll()).toBe(0)
    }
    expect((await stage.runsOf(pull)).map(({ state }) => state)).toEqual(['queued'])
    expect(stage.repliesTo(pull)).toEqual([])
  })

  it('asks for nothing, and is told so', async () => {
    const pull = await stage.pull()
    const id = await write(pull, 'talk')
    await nextSecond()
    await nextSecond()
    await stage.gitea.editComment(stage.gitea.people.admin, pull.repository, id, '!testme')
    await stage.poll()
    expect(await stage.runsOf(pull)).toEqual([])
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'grammar', line: expect.stringMatching(/^!testme \(edited/) }])
  })
})

it('goes round in turns where one repository never answers in time', async () => {
  const slow = await stage.pull()
  const pull = await stage.pull()
  await write(pull, '!testme')
  const real = giteaForge({ baseUrl: stage.gitea.url, token: stage.gitea.people.bot.token })
  const intake = stage.another({
    forge: {
      ...real,
      commentsSince: async (repository, since) => {
        if (repository === slow.repository) throw new ForgeError('forge-gone', 'no whole answer')
        return real.commentsSince(repository, since)
      },
    },
  })
  await expect(stage.poll(intake)).rejects.toThrow('no whole answer')
  await expect(stage.poll(intake)).rejects.toThrow('no whole answer')
  expect(await stage.runsOf(pull)).toHaveLength(1)
})

describe('a forge that is away', () => {
  const codeOf = (act: Promise<unknown>) =>
    act.then(
      () => 'no error',
      (error) => error.code,
    )

  it('leaves nothing half done, and the next round decides', async () => {
    const pull = await stage.pull()
    const id = await write(pull, '!testme')
    const event = await stage.receiver.of(id)
    const forge = giteaForge({ baseUrl: stage.gitea.url, token: stage.gitea.people.bot.token, timeoutMs: 400 })
    await forge.self()
    const impatient = stage.another({ forge })
    stage.gitea.pause()
    expect(await codeOf(impatient.receive(event))).toBe('forge-gone')
    expect(await codeOf(stage.poll(impatient))).toBe('forge-gone')
    stage.gitea.resume()
    expect(await stage.store.decided(pull.repository, id)).toBeNull()
    expect([await stage.runsOf(pull), stage.repliesTo(pull)]).toEqual([[], []])
    expect(await stage.poll()).toBe(1)
    expect(await stage.runsOf(pull)).toHaveLength(1)
  })

  it('may go in the middle of a decision', async () => {
    const pull = await stage.pull()
    await write(pull, '!testme')
    const real = giteaForge({ baseUrl: stage.gitea.url, token: stage.gitea.people.bot.token, timeoutMs: 400 })
    const forge = {
      ...real,
      async isMember(organisation: string, login: string) {
        const known = await real.isMember(organisation, login)
        stage.gitea.pause()
        return known
      },
    }
    expect(await codeOf(stage.poll(stage.another({ forge })))).toBe('forge-gone')
    stage.gitea.resume()
    expect([await stage.runsOf(pull), stage.repliesTo(pull)]).toEqual([[], []])
    await stage.poll()
    expect(await stage.runsOf(pull)).toHaveLength(1)
  })
})

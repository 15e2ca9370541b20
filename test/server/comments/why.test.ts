import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newRunId } from '../../../src/lib/ids.ts'
import type { RunRow } from '../../../src/server/contract/store.ts'
import { crash, keep, type Made, results } from '../../history/some-runs.ts'
import { HEADER } from '../../verdict/passing-stream.ts'
import { Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
afterAll(() => stage.close())

type Pull = Awaited<ReturnType<Stage['pull']>>

/** The run of the pull request that waits ends so, and so did one of the commit that the change left main at. */
async function judged(pull: Pull, { base, change }: { readonly base: Made; readonly change: Made }): Promise<RunRow> {
  const capacity = { worker: 'w', memoryBytes: 1e9, freeBytes: 1e9, harness: 'h' }
  const claim = await stage.store.claim(capacity, Date.now(), 60_000)
  if (claim?.request.repository !== pull.repository) throw new Error('another run was next')
  const { request, folder, lease } = claim
  const startedAt = new Date().toISOString()
  const fork = request.pull?.target?.fork ?? ''
  const id = newRunId(Date.now() - 60_000)
  keep(stage.state, results({ ...base, id, startedAt, header: { recipe: { ...HEADER.recipe, commit: fork } } }))
  const made = results({
    ...change,
    id: folder,
    startedAt,
    header: { recipe: { ...HEADER.recipe, commit: pull.head } },
  })
  keep(stage.state, made)
  await stage.store.finish(lease, {
    ...{ schema: 1, id: request.id, state: 'done', verdict: made.verdict, level: made.level, cause: null, tier: null },
    ...{ message: 'ended', finishedAt: new Date().toISOString(), folder, attempts: 1, teardown: 'clean' },
  })
  return (await stage.store.run(request.id)) as RunRow
}

const RED: Made = { fails: { upgrade: crash } }

describe('!testme --why', () => {
  it('asks whose change it was where the base was green, once, for its members, of the head', async () => {
    const pull = await stage.pull()
    await stage.hear('member', pull, '!testme --why')
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'why-not', reason: 'this commit was not judged yet' }])
    await stage.hear('member', pull, '!testme')
    const red = await judged(pull, { base: {}, change: RED })
    await stage.hear('stranger', pull, '!testme --why')
    await stage.hear('member', pull, '!testme --why 0123456')
    expect(stage.repliesTo(pull).slice(1)).toMatchObject([{ kind: 'refused-stranger' }, { kind: 'wrong-sha' }])
    expect(await stage.runsOf(pull)).toHaveLength(1)

    const { comment } = await stage.hear('member', pull, '!testme --why')
    const [asked] = await stage.runsOf(pull)
    const fork = red.request.pull?.target?.fork
    expect(fork).toMatch(/^[0-9a-f]{40}$/)
    expect(asked).toMatchObject({
      state: 'queued',
      request: {
        ...{
          priority: 'sweep',
          commit: pull.head,
          deadlineMs: 240_000,
          pull: { comment: comment.id, author: 'member' },
        },
        why: { run: red.request.id, old: fork, only: ['lint', 'install', 'upgrade'], runDeadlineMs: 60_000 },
      },
    })
    await stage.hear('member', pull, '!testme --why')
    expect(stage.repliesTo(pull).at(-1)).toEqual({ kind: 'already-running', run: asked?.request.id })

    // Whoever judges again does not wait for it.
    await stage.hear('member', pull, '!testme --quick')
    expect((await stage.runsOf(pull)).map(({ state, request }) => [state, request.why !== undefined])).toEqual([
      ['queued', false],
      ['cancelled', true],
      ['done', false],
    ])
    await stage.hear('member', pull, '!cancel')
  })

  it.each<[string, Made, Made, RegExp]>([
    ['a base that was red', RED, RED, /main at [0-9a-f]{12} is no green one: run \S+ ended with fail/],
    ['a run that is green', {}, {}, /there is no red run of this commit/],
  ])('says why there is nothing to find out: %s', async (_name, base, change, reason) => {
    const pull = await stage.pull()
    await stage.hear('member', pull, '!testme')
    await judged(pull, { base, change })
    await stage.hear('member', pull, '!testme --why')
    expect(stage.repliesTo(pull)).toEqual([{ kind: 'why-not', reason: expect.stringMatching(reason) }])
    expect(await stage.runsOf(pull)).toHaveLength(1)
  })
})

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FinishBody } from '../../../src/server/contract/protocol.ts'
import { runOutcome } from '../../../src/server/contract/request.ts'
import { outcomeOf } from '../../../src/server/runs/outcome.ts'
import type { RunEvent } from '../../../src/verdict/events.ts'
import { fold } from '../../../src/verdict/fold.ts'
import { HEADER, passingDrafts, stamped } from '../../verdict/passing-stream.ts'

const ID = '20261123-191254-k3f9qa'
const RUN_ID = '20261123-191300-abcdef'
let dir = ''

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-outcome-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const write = (text: string) => writeFileSync(join(dir, 'results.json'), text)

const writeRun = (change: (events: RunEvent[]) => RunEvent[] = (events) => events) => {
  const drafts = passingDrafts({}, { run: { ...HEADER.run, id: RUN_ID } })
  write(JSON.stringify(fold(change(stamped(drafts)))))
}

async function ending(body: Partial<FinishBody> = {}, cancelReason: string | null = null, isWhy = false) {
  const outcome = await outcomeOf({
    ...{
      isWhy,
      id: ID,
      attempt: 2,
      runId: RUN_ID,
      folder: { dir, results: join(dir, 'results.json') },
      cancelReason,
      now: 0,
    },
    body: { exitCode: 0, ended: 'itself', words: '', teardown: 'clean', ...body },
  })
  return runOutcome.parse(outcome)
}

describe('the outcome of a run', () => {
  it('is what its results say', async () => {
    writeRun()
    expect(await ending()).toEqual({
      ...{ schema: 1, id: ID, state: 'done', verdict: 'pass', level: 6, cause: null, tier: null },
      message: expect.stringMatching(/^level 6 \(.+\)$/),
      ...{ finishedAt: '1970-01-01T00:00:00.000Z', folder: RUN_ID, attempts: 2, teardown: 'clean' },
    })
  })

  it('names the tier and the cause that decided', async () => {
    writeRun((events) => events.filter((event) => !(event.type === 'evidence' && event.tier === 'install')))
    const { verdict, tier, cause, message } = await ending({ exitCode: 3 })
    expect({ verdict, tier }).toEqual({ verdict: 'unverified', tier: 'install' })
    expect(cause).not.toBeNull()
    expect(message).not.toBe('')
  })

  it('is no verdict where the run had no end', async () => {
    writeRun((events) => events.slice(0, 20))
    expect(await ending()).toMatchObject({ state: 'error', verdict: null, message: 'it was killed before its end' })
  })

  it('is no verdict where the results are those of another run', async () => {
    write(JSON.stringify(fold(stamped(passingDrafts()))))
    expect(await ending()).toMatchObject({ state: 'error', message: `its results.json is that of run ${ID}` })
  })

  it.each([
    ['no JSON', '{', /exit code 1; results.json is no JSON/],
    ['no results', '{"schema":1}', /exit code 1; not the results of a run/],
  ])('is no verdict where there is %s', async (_, text, message) => {
    write(text)
    expect(await ending({ exitCode: 1 })).toMatchObject({ state: 'error', verdict: null })
    expect((await ending({ exitCode: 1 })).message).toMatch(message)
  })

  it('is the last words of the run where there are no results, in one plain line', async () => {
    const words = '\u001b[31mcc-ci: compose.yml:3:\u001b[0m no\n  recipe\u0007'
    expect(await ending({ exitCode: 2, words })).toMatchObject({
      state: 'error',
      message: 'cc-ci: compose.yml:3: no recipe',
    })
    expect((await ending({ exitCode: 2, words: 'x'.repeat(2000) })).message).toHaveLength(500)
    expect((await ending({ exitCode: null })).message).toBe('it was killed')
  })

  it('follows no link', async () => {
    writeFileSync(join(dir, 'elsewhere'), '{}')
    symlinkSync('elsewhere', join(dir, 'results.json'))
    expect(await ending()).toMatchObject({ state: 'error', message: expect.stringContaining('results.json is a link') })
  })

  it('is the end that the worker made, whatever the results say', async () => {
    writeRun()
    expect(await ending({ ended: 'cancelled' }, 'a newer comment')).toMatchObject({
      state: 'cancelled',
      message: 'a newer comment',
    })
    expect(await ending({ ended: 'deadline' })).toMatchObject({ state: 'error', verdict: null })
    expect(await ending({ ended: 'output' })).toMatchObject({ state: 'error', verdict: null })
  })
})

describe('the outcome of an attribution', () => {
  const ends = { old: 'a'.repeat(40), new: 'b'.repeat(40) }
  const record = {
    ...{ schema: 1, id: ID, startedAt: '2026-11-21T10:15:00.000Z', status: 'ended', why: 'decided' },
    recipe: { name: 'x', dir: 'x', origin: 'https://git.example.org/coop/x', ...ends },
    tool: { repository: null, old: null, new: null },
    ...{ moved: ['ref'], flags: [], bounds: { runs: 9, deadlineMs: 9 }, lines: null, spentMs: 1, recorded: null },
    ...{ current: null, runs: [], bisection: null },
    decision: { tier: 'install', verdict: 'recipe', tiers: [], movedMeanwhile: [], movedSince: [] },
  }
  const leave = (left: object) => writeFileSync(join(dir, 'attribution.json'), JSON.stringify(left))
  const why = (body: Partial<FinishBody> = {}, reason: string | null = null) => ending(body, reason, true)

  it.each([0, 3])('is its answer, which is no verdict (exit code %i)', async (exitCode) => {
    leave(record)
    // Results of a run say nothing of it.
    writeRun()
    const answer = {
      state: 'done',
      verdict: null,
      level: null,
      cause: null,
      message: expect.stringMatching(/^recipe \(install\): The/),
    }
    expect(await why({ exitCode })).toMatchObject(answer)
  })

  it('is none where it was killed, is damaged, is none at all or has not decided', async () => {
    leave(record)
    expect(await why({ exitCode: null })).toMatchObject({ state: 'error', message: 'it was killed' })
    leave({ ...record, decision: null })
    expect(await why({ exitCode: 2, words: 'cc-ci: no' })).toMatchObject({ state: 'error', message: 'cc-ci: no' })
    leave({ schema: 2 })
    expect(await why()).toMatchObject({ state: 'error', message: 'it ended with exit code 0' })
    rmSync(join(dir, 'attribution.json'))
    expect(await why()).toMatchObject({ state: 'error' })
  })

  it('is the end that the worker made', async () => {
    leave(record)
    expect(await why({ ended: 'cancelled' }, 'a newer comment')).toMatchObject({
      state: 'cancelled',
      message: 'a newer comment',
    })
    expect(await why({ ended: 'deadline' })).toMatchObject({ state: 'error' })
  })
})

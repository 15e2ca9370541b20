import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FinishBody } from '../../../src/server/contract/protocol.ts'
import { runOutcome } from '../../../src/server/contract/request.ts'
import { outcomeOf } from '../../../src/server/dispatch/outcome.ts'
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

async function ending(body: Partial<FinishBody> = {}, cancelReason: string | null = null) {
  const outcome = await outcomeOf({
    ...{ id: ID, attempt: 2, runId: RUN_ID, folder: { dir, results: join(dir, 'results.json') }, cancelReason, now: 0 },
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

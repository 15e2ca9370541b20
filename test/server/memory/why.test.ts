import { describe, expect, it } from 'vitest'
import { comparable } from '../../../src/history/compare/comparable.ts'
import { compareRuns } from '../../../src/history/compare/comparison.ts'
import { summaryOf } from '../../../src/history/run-summary.ts'
import type { RunRow } from '../../../src/server/contract/store.ts'
import type { AgainstBase } from '../../../src/server/memory/against-base.ts'
import { whyOffer, whyRequest } from '../../../src/server/memory/why.ts'
import { attributionComment } from '../../../src/server/publishing/attribution-text.ts'
import { AFTER, crash, type Made, results } from '../../history/some-runs.ts'
import { HOSTILE } from '../../report/sample-runs.ts'
import { HEADER } from '../../verdict/passing-stream.ts'

const MAIN = 'b'.repeat(40)
const HEAD = 'a'.repeat(40)
const RED: Made = { fails: { upgrade: crash } }

function row(verdict: 'pass' | 'fail' | 'unverified' | null, more: Partial<RunRow['request']> = {}): RunRow {
  const pull = { number: 7, headRef: 'change', baseRef: 'main', comment: 3, author: 'ann' }
  return {
    request: {
      ...{ schema: 1, id: AFTER, attemptOf: null, at: '2026-11-21T10:15:00.000Z', priority: 'pull' },
      ...{ repository: 'coop/x', pull, commit: HEAD, base: '1.0.0', quick: false, memoryBytes: 1, deadlineMs: 60_000 },
      ...more,
    },
    ...{ state: verdict === null ? 'running' : 'done', attempt: 1, folder: AFTER, worker: null, leaseUntil: null },
    ...{ startedAt: null, cancelAskedAt: null, cancelReason: null, harness: null },
    outcome: verdict && {
      ...{ schema: 1, id: AFTER, state: 'done', verdict, level: 0, cause: null, tier: null, message: 'ended' },
      ...{ finishedAt: '2026-11-21T10:16:00.000Z', folder: AFTER, attempts: 1, teardown: 'clean' },
    },
  } as RunRow
}

function against(before: Made = {}, after: Made = RED, commit = MAIN): AgainstBase {
  const base = { recipe: { ...HEADER.recipe, commit: MAIN } }
  const [a, b] = [results({ ...before, header: base }), results({ id: AFTER, ...after })]
  const found = comparable(summaryOf(a), summaryOf(b))
  if (found.kind === 'refused') throw new Error(JSON.stringify(found.reasons))
  const comparison = compareRuns({ results: a, logs: null }, { results: b, logs: null }, found)
  return {
    kind: 'compared',
    branch: 'main',
    base: { is: 'fork', commit },
    comparison,
    before: { run: a.run.id, page: null },
  }
}

describe('whether it can be asked why a run is red', () => {
  it.each<[string, RunRow, AgainstBase | null, RegExp | null]>([
    ['red, and its base was green', row('fail'), against(), null],
    ['green', row('pass'), against(), /no red run/],
    ['not judged', row('unverified'), against(), /no red run/],
    ['still running', row(null), against(), /no red run/],
    ['red as its base', row('fail'), against(RED), /main at b{12} is no green one: run .* ended with fail/],
    [
      'red, and nothing to compare it with',
      row('fail'),
      { kind: 'none', branch: 'main', why: ['no run is kept'], missing: MAIN },
      /no run is kept/,
    ],
    ['red, and its results are gone', row('fail'), null, /cannot be read/],
    ['the base itself', row('fail', { commit: MAIN }), against(), /changes nothing/],
    ['an attribution', row('fail', { why: {} as never }), against(), /no red run/],
  ])('%s', (_name, run, base, reason) => {
    const offer = whyOffer(run, base)
    if (reason) expect(offer).toEqual({ kind: 'not', reason: expect.stringMatching(reason) })
    else expect(offer.kind).toBe('offered')
  })

  it('asks for the tiers up to the last red one, after all that people wait for', () => {
    const run = row('fail')
    const offer = whyOffer(run, against())
    if (offer.kind !== 'offered') throw new Error(offer.reason)
    const asked = {
      by: 'bob',
      comment: 9,
      memoryBytes: 5,
      runDeadlineMs: 60_000,
      now: Date.parse('2026-11-22T00:00:00Z'),
    }
    expect(whyRequest(run, offer.why, asked)).toMatchObject({
      ...{ priority: 'sweep', commit: HEAD, base: '1.0.0', memoryBytes: 5, deadlineMs: 240_000 },
      pull: { number: 7, comment: 9, author: 'bob' },
      why: { run: AFTER, old: MAIN, only: ['lint', 'install', 'upgrade'], runDeadlineMs: 60_000 },
    })
  })
})

describe('an attribution in a comment', () => {
  it.each(HOSTILE)('is text, whoever asked and however it ended: %s', (say) => {
    const asked = row('fail', { pull: { ...row('fail').request.pull, author: say } as never, why: {} as never })
    const url = `https://ci.example.org/runs/${AFTER}`
    const failed = { ...asked, state: 'error', outcome: { ...asked.outcome, message: say } } as RunRow
    for (const one of [{ ...asked, state: 'queued' } as RunRow, { ...asked, state: 'running' } as RunRow, failed]) {
      const own = attributionComment(one, null, url).replaceAll(
        /\[`[\w-]+`\]\(<[^>]*>\)|`!cancel`|\*\*[\w ?]+\*\*/g,
        '',
      )
      expect(own).not.toMatch(/[<>[\]`*@|\n]/)
    }
  })
})

import { describe, expect, it } from 'vitest'
import { judgeTests } from '../../../src/lifecycle/custom/judge-tests.ts'
import { foldReport, type ReportInput } from '../../../src/lifecycle/custom/report.ts'
import { ReportInbox } from '../../../src/lifecycle/custom/report-inbox.ts'

const token = 'secret'
const FILE = { side: 'recipe', file: 'tests/custom/a.spec.ts' } as const
const HELLO = { token, kind: 'hello' }
const BEGIN = { token, kind: 'begin', total: 1 }
const START = { token, kind: 'start', ...FILE, title: 'adds' }
const TEST = { token, kind: 'test', ...FILE, title: 'adds', status: 'passed', durationMs: 1, tags: [], attachments: [] }
const END = { token, kind: 'end', status: 'passed' }

function fold(messages: readonly unknown[], input: Partial<ReportInput> = {}) {
  const report = foldReport({ files: [FILE], messages, exitCode: 0, timedOut: false, output: '', ...input })
  const lines = report.rows.map(({ status, title, error }) => `${status} ${title}${error ? `: ${error}` : ''}`)
  return { ...report, lines, outcome: judgeTests(report.rows, report.empty).outcome }
}

describe('a whole stream', () => {
  it('passes with the rows it tells', () => {
    expect(fold([HELLO, BEGIN, START, TEST, END])).toMatchObject({
      lines: ['passed adds'],
      outcome: 'pass',
      silent: [],
    })
  })

  it('passes no more when any one message is missing', () => {
    const whole = [HELLO, BEGIN, START, TEST, END]
    for (const missing of [HELLO, BEGIN, TEST, END]) {
      expect(fold(whole.filter((message) => message !== missing)).outcome, JSON.stringify(missing)).not.toBe('pass')
    }
  })

  it('never passes cut off after any message', () => {
    const whole = [HELLO, BEGIN, START, TEST, END]
    for (let length = 0; length < whole.length; length += 1) {
      expect(fold(whole.slice(0, length)).outcome, `${length} messages`).toBe('fail')
    }
  })
})

describe('a stream that is not whole', () => {
  it('names the test that was running and the files of which nothing was heard', () => {
    const other = { side: 'recipe', file: 'tests/custom/b.spec.ts' } as const
    const report = fold([HELLO, BEGIN, START], {
      files: [FILE, other],
      exitCode: null,
      timedOut: true,
      output: 'x\n\ny\n',
    })
    expect(report.lines).toEqual([
      'failed adds: it was still running when the deadline of the tests passed',
      'failed reports: nothing was heard of it: the deadline of the tests passed\nx\ny',
    ])
    expect(report.silent).toEqual([other])
  })

  it.each([
    ['no message at all', [], 'nothing was heard of it: the test program ended with 0'],
    ['no end', [HELLO, BEGIN, TEST], 'its end was not told: the test program ended with 0'],
    ['a test too few', [HELLO, { ...BEGIN, total: 2 }, TEST, END], '2 test(s) were found and 1 were reported'],
    [
      'an end that failed',
      [HELLO, BEGIN, TEST, { ...END, status: 'failed' }],
      'no test failed, but the test runner did',
    ],
  ])('with %s fails', (_, messages, reason) => {
    const { lines, outcome } = fold(messages)
    expect(lines.at(-1)).toContain(reason)
    expect(outcome).toBe('fail')
  })

  it('fails when the program did, whatever was told', () => {
    const report = fold([HELLO, BEGIN, TEST, END], { exitCode: 7, output: 'cannot continue' })
    expect(report.lines.at(-1)).toBe('failed runs: no test failed, but the test program ended with 7\ncannot continue')
  })
})

describe("reports that are not the runner's", () => {
  it.each([
    ['forged', { ...TEST, title: 'more', token: 'guess' }, 'not from the test runner'],
    ['malformed', { ...TEST, title: 'more', status: 'great' }, 'malformed'],
    ['no object', null, 'malformed'],
    [
      'of a file that leads out',
      { ...TEST, title: 'more', attachments: [{ name: 'a', contentType: 'b', path: '../../x' }] },
      'malformed',
    ],
    ['of another file', { ...TEST, file: 'tests/install.spec.ts' }, 'of a file that was not given'],
    ['of the other side', { ...TEST, side: 'operator' }, 'of a file that was not given'],
    ['a second result', { ...TEST, status: 'failed' }, 'a second result of the same test'],
    ['a second hello', { ...HELLO, token: 'mine' }, 'out of turn'],
  ])('%s: refused, and the run fails', (_, message, reason) => {
    const { lines, outcome } = fold([HELLO, BEGIN, TEST, message, END])
    expect(lines).toEqual(['passed adds', `failed runs: 1 report(s) were refused: ${reason}`])
    expect(outcome).toBe('fail')
  })

  it('after the end: refused, and the run fails', () => {
    const late = { ...TEST, title: 'late' }
    expect(fold([HELLO, BEGIN, TEST, END, late, late]).lines.at(-1)).toContain(
      '2 report(s) were refused: after the end',
    )
  })
})

describe('what tests came to', () => {
  const row = fold([HELLO, BEGIN, TEST, END]).rows[0]
  it('names the failures, and says why nothing is proved', () => {
    if (!row) throw new Error('no row')
    const failed = { ...row, status: 'failed', error: 'boom\nat x' } as const
    const skipped = { ...row, status: 'skipped', reason: 'no mail' } as const
    expect(judgeTests([row, failed, skipped], [])).toMatchObject({
      outcome: 'fail',
      cause: {
        message: '1 of 2 tests failed: tests/custom/a.spec.ts "adds"',
        lines: ['tests/custom/a.spec.ts › adds', 'boom', 'at x'],
      },
    })
    const said = [
      'Error: expect(received).toBe(expected)',
      '',
      'Expected: 201',
      'Received: 409',
      'at recipe/tests/custom/a.spec.ts:4:10',
      '  3 | test(x)',
      '> 4 |   expect(status).toBe(201)',
      '    |                  ^',
      '  5 | })',
    ]
    const four = ['b', 'c', 'd', 'e'].map((title) => ({ ...failed, title }))
    expect(judgeTests([{ ...failed, error: said.join('\n') }, ...four], []).cause?.lines).toEqual([
      'tests/custom/a.spec.ts › adds',
      ...[said[0], said[2], said[3], said[4]],
      '4 more: "b", "c", "d" and more',
    ])
    const long = Array.from({ length: 9 }, (_, index) => `line ${index}`)
    expect(judgeTests([{ ...failed, error: long.join('\n') }], []).cause?.lines.slice(1)).toEqual([
      ...['line 0', 'line 1', 'line 2', 'line 3', '…', 'line 8'],
    ])
    expect(judgeTests([skipped], []).cause?.message).toBe('all were skipped: no mail')
    expect(judgeTests([row, skipped], []).outcome).toBe('pass')
    expect(judgeTests([], []).outcome).toBe('unverified')
  })
})

describe('the inbox', () => {
  it('takes so much and no more', async () => {
    const inbox = new ReportInbox()
    const large = 'x'.repeat(8 * 1024 * 1024)
    for (let i = 0; i < 4; i += 1) await inbox.take(large)
    await expect(inbox.take(HELLO)).rejects.toThrow('more reports than are kept')
    expect(inbox.messages).toHaveLength(4)
  })
})

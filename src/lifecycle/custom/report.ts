import type { CodeSide } from '../../sandbox/contract.ts'
import type { CustomRow, SpecFile } from '../test-rows.ts'
import { type ReportMessage, reportMessage } from './report-message.ts'

const LAST_LINES = 12

/** Everything that came of one start of `src/inside/tests.ts`. */
export interface ReportInput {
  /** What it was asked to run; files of one side only where the sides must not be able to lie about each other's tests. */
  readonly files: readonly SpecFile[]
  /** The parameters of each request `report`, in the order they came. */
  readonly messages: readonly unknown[]
  /** Null when it was killed. */
  readonly exitCode: number | null
  readonly timedOut: boolean
  /** What it printed: its last lines go with what it did not report. */
  readonly output: string
}

export interface TestReport {
  readonly rows: readonly CustomRow[]
  /** Given files that were loaded and hold no test. */
  readonly empty: readonly SpecFile[]
  /** Given files of which every test was skipped. */
  readonly onlySkipped: readonly SpecFile[]
  /** Given files of which nothing was heard; each has a failed row as well. */
  readonly silent: readonly SpecFile[]
}

/**
 * What really happened, in rows. Whatever is missing, forged, malformed, contradictory or cut off becomes a failed row; nothing is taken for a
 * pass but a test that its own runner has reported as such. A file without tests becomes no row: see `judgeTests`.
 */
export function foldReport(input: ReportInput): TestReport {
  const { files } = input
  const { heard, refused } = listen(input)
  const tests = heard.filter((message) => message.kind === 'test')
  const errors = heard.filter((message) => message.kind === 'error')
  const end = heard.find((message) => message.kind === 'end')
  const rows = [...tests.map(rowOf), ...errors.map((error) => errorRow(error, files)), ...unfinished(heard, input)]
  const unheard = files.filter((file) => !rows.some((row) => isOf(row, file)))
  const silent = end ? [] : unheard
  rows.push(...silent.map((file) => troubleRow(file, 'reports', `nothing was heard of it: ${programEnding(input)}`)))
  const trouble = [...refused, ...contradictions(heard, rows, input)]
  rows.push(...trouble.map((message) => troubleRow(files[0], 'runs', message)))
  return {
    rows,
    silent,
    empty: end ? unheard : [],
    onlySkipped: files.filter((file) => {
      const own = rows.filter((row) => isOf(row, file))
      return own.length > 0 && own.every(({ status }) => status === 'skipped')
    }),
  }
}

type Test = Extract<ReportMessage, { kind: 'test' }>
type FileError = Extract<ReportMessage, { kind: 'error' }>

/** Splits what the program itself said from what cannot be from it. The first message fixes the token: it is sent before any code is loaded. */
function listen({ files, messages }: ReportInput): { heard: readonly ReportMessage[]; refused: readonly string[] } {
  const heard: ReportMessage[] = []
  const refused = new Map<string, number>()
  const seen = new Set<string>()
  for (const raw of messages) {
    const parsed = reportMessage.safeParse(raw)
    const why = parsed.success ? refusal(parsed.data, { files, heard, seen }) : 'malformed'
    if (parsed.success && why === null) heard.push(parsed.data)
    else refused.set(why ?? '', (refused.get(why ?? '') ?? 0) + 1)
  }
  return { heard, refused: [...refused].map(([why, count]) => `${count} report(s) were refused: ${why}`) }
}

function refusal(
  message: ReportMessage,
  { files, heard, seen }: { files: readonly SpecFile[]; heard: readonly ReportMessage[]; seen: Set<string> },
): string | null {
  const [hello] = heard
  if ((hello === undefined) !== (message.kind === 'hello')) return 'out of turn'
  if (hello && hello.token !== message.token) return 'not from the test runner'
  if (heard.at(-1)?.kind === 'end') return 'after the end'
  if ('file' in message && message.file !== undefined) {
    if (!files.some((file) => isOf(message, file))) return 'of a file that was not given'
  }
  if (message.kind !== 'test') return null
  const key = JSON.stringify([message.side, message.file, message.title])
  if (seen.has(key)) return 'a second result of the same test'
  seen.add(key)
  return null
}

function rowOf({ title, side, file, status, durationMs, tags, error, reason, attachments }: Test): CustomRow {
  const why = { ...(error === undefined ? {} : { error }), ...(reason === undefined ? {} : { reason }) }
  return { title, side, file, status, durationMs, tags, isTest: true, ...why, attachments }
}

function errorRow({ side, file, message, phase }: FileError, files: readonly SpecFile[]): CustomRow {
  const title = phase === 'load' ? 'loads' : 'runs'
  return troubleRow(side && file ? { side, file } : files[0], title, message)
}

/** Tests that began and did not report an end. */
function unfinished(heard: readonly ReportMessage[], input: ReportInput): CustomRow[] {
  const open = new Map<string, SpecFile & { readonly title: string }>()
  for (const message of heard) {
    if (message.kind !== 'start' && message.kind !== 'test') continue
    const key = JSON.stringify([message.side, message.file, message.title])
    if (message.kind === 'start') open.set(key, message)
    else open.delete(key)
  }
  return [...open.values()].map((test) =>
    troubleRow(test, test.title, `it was still running when ${wayOf(input)}`, true),
  )
}

/** Contradictions that no failed row shows yet. */
function contradictions(heard: readonly ReportMessage[], rows: readonly CustomRow[], input: ReportInput): string[] {
  if (rows.some(({ status }) => status === 'failed')) return []
  const total = heard.reduce((sum, message) => sum + (message.kind === 'begin' ? message.total : 0), 0)
  const reported = heard.filter(({ kind }) => kind === 'test').length
  const end = heard.find((message) => message.kind === 'end')
  if (!end) return [`its end was not told: ${programEnding(input)}`]
  if (reported !== total) return [`${total} test(s) were found and ${reported} were reported`]
  if (input.timedOut || input.exitCode !== 0) return [`no test failed, but ${programEnding(input)}`]
  return end.status === 'failed' ? ['no test failed, but the test runner did'] : []
}

function troubleRow(file: SpecFile | undefined, title: string, error: string, isTest = false): CustomRow {
  const { side, file: name } = file ?? { side: 'recipe' as const, file: 'tests' }
  return { title, side, file: name, status: 'failed', durationMs: 0, tags: [], isTest, error, attachments: [] }
}

function programEnding(input: ReportInput): string {
  const lines = input.output.split('\n').filter((line) => line.trim() !== '')
  return [wayOf(input), ...lines.slice(-LAST_LINES)].join('\n')
}

function wayOf({ exitCode, timedOut }: ReportInput): string {
  if (timedOut) return 'the deadline of the tests passed'
  return exitCode === null ? 'the test program was killed' : `the test program ended with ${exitCode}`
}

function isOf(row: { readonly side?: CodeSide; readonly file?: string }, { side, file }: SpecFile): boolean {
  return row.side === side && row.file === file
}

import type { ExecResult } from '../../lib/process/exec.ts'
import { ABRA } from './versions.ts'

/** What a command of abra came to. */
export interface AbraOutcome {
  /** Null: it was killed. */
  readonly exitCode: number | null
  /** Of both streams, standard output first, without colours. */
  readonly lines: readonly string[]
  /** What stands behind FATA; null: it says nothing of the kind. */
  readonly fatal: string | null
  readonly timedOut: boolean
}

/** Reads both streams: FATA is on standard output. On a terminal both are one, with its line ends and colours. */
export function readOutcome({ exitCode, stdout, stderr, timedOut }: ExecResult): AbraOutcome {
  const lines = [...plainLines(stdout), ...plainLines(stderr)]
  const found = lines.flatMap((line, index) => {
    const match = ABRA.fatal.exec(line) ?? /^Error: (.*)$/.exec(line)
    // What is indented below it belongs to it.
    return match ? [[match[1], ...below(lines, index)].join(' ').trim()] : []
  })
  return { exitCode, lines, fatal: found[0] ?? null, timedOut }
}

export function isSuccess({ exitCode, fatal }: AbraOutcome): boolean {
  return exitCode === 0 && fatal === null
}

/** The version and the commit that `abra --version` prints; null: it prints none. */
export function readVersion(
  lines: readonly string[],
): { readonly version: string; readonly commit: string | null } | null {
  for (const line of lines) {
    const [, version, commit] = ABRA.version.exec(line) ?? []
    if (version) return { version, commit: commit ?? null }
  }
  return null
}

/** The snapshot that a backup made; null: it names none. */
export function readSnapshot(lines: readonly string[]): string | null {
  for (const line of lines) {
    const [, id] = ABRA.snapshot.exec(line) ?? []
    if (id) return id
  }
  return null
}

/** The references of the rules in the table of `recipe lint`, each with whether it is kept; null: neither sign stands there. */
export function readLintTable(lines: readonly string[]): { readonly rule: string; readonly kept: boolean | null }[] {
  return lines.flatMap((line) => {
    const [, rule] = /^\W*(R\d{3})\b/.exec(line) ?? []
    if (!rule) return []
    return [{ rule, kept: line.includes('✅') ? true : line.includes('❌') ? false : null }]
  })
}

/** The JSON that a command with `-m` prints, whatever is logged around it; undefined: there is none. */
export function readJson(lines: readonly string[]): unknown {
  const text = lines.join('\n')
  const starts = [...text.matchAll(/^[[{]/gm)].map(({ index }) => index)
  for (const start of starts) {
    const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
    try {
      return JSON.parse(text.slice(start, end + 1))
    } catch {
      // A log line may begin like JSON.
    }
  }
  return undefined
}

function below(lines: readonly string[], index: number): string[] {
  const rest = lines.slice(index + 1)
  const end = rest.findIndex((line) => !/^\s{2,}\S/.test(line))
  return (end === -1 ? rest : rest.slice(0, end)).map((line) => line.trim())
}

/** Colours, titles and cursor movements of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with the character ESC
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g

function plainLines(text: string): string[] {
  return text
    .replace(ESCAPES, '')
    .split(/\r*\n/)
    .map((line) => line.split('\r').at(-1)?.trimEnd() ?? '')
    .filter((line) => line !== '')
}

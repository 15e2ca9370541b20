import { existsSync, readFileSync } from 'node:fs'
import { findBaseline } from '../history/baseline.ts'
import { type ComparisonRule, comparable, DEFAULT_RULE } from '../history/compare/comparable.ts'
import { type Comparison, compareRuns, type Side } from '../history/compare/comparison.ts'
import type { Dimension } from '../history/compare/dimensions.ts'
import { logWarnings } from '../history/compare/log-warnings.ts'
import { readRunIndex } from '../history/run-index.ts'
import { summaryOf } from '../history/run-summary.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { runFolder } from '../lifecycle/run-folder.ts'
import { stateDir } from '../machine/state-dir.ts'
import { comparisonText } from '../report/comparison/comparison.ts'
import { wantsColor } from '../report/text/colors.ts'
import { parseResults, type Results } from '../verdict/results.ts'
import type { StateOption } from './program/options.ts'
import { expandRunId } from './support/run-id.ts'

export interface RunsDiffOptions extends StateOption {
  /** Two runs, or one that is compared with the newest run that it may be compared with. */
  readonly diff: readonly string[]
  readonly despite?: readonly Dimension[]
  readonly maxAge?: number
  readonly json?: boolean
}

const EXIT_CODES: Readonly<Record<Comparison['result'], number>> = {
  worse: EXIT.fail,
  unknown: EXIT.unverified,
  better: EXIT.pass,
  same: EXIT.pass,
}

/** `cc-ci runs --diff A [B]`: 0 nothing is worse, 1 something is, 3 something was not judged again. Throws UsageError `not-comparable`, `no-baseline`. */
export async function runsDiffCommand(options: RunsDiffOptions): Promise<number> {
  const state = stateDir(options.state)
  const rule: ComparisonRule = { despite: options.despite ?? [], maxAgeMs: options.maxAge ?? DEFAULT_RULE.maxAgeMs }
  const [one = '', other, ...more] = options.diff
  if (more.length > 0)
    throw new UsageError('too-many-runs', `--diff compares two runs, and ${options.diff.length} are named`, {
      hint: 'Name the run before and the run after, or only one: it is compared with its baseline.',
    })
  const after = readSide(state, other ?? one)
  const before = other === undefined ? baselineOf(state, after.results, rule) : readSide(state, one)
  const found = comparable(summaryOf(before.results), summaryOf(after.results), rule)
  if (found.kind === 'refused') {
    throw new UsageError('not-comparable', ['these runs cannot be compared', ...lines(found.reasons)].join('\n  '), {
      kind: 'conflict',
      hint: hintFor(found),
    })
  }
  const comparison = compareRuns(before, after, found)
  process.stdout.write(
    options.json
      ? `${JSON.stringify(comparison, null, 2)}\n`
      : comparisonText(comparison, { color: wantsColor(process.stdout.isTTY === true) }),
  )
  return EXIT_CODES[comparison.result]
}

function lines(reasons: readonly { readonly message: string }[]): string[] {
  return reasons.map(({ message }) => message)
}

function hintFor({ reasons, differences }: Extract<ReturnType<typeof comparable>, { kind: 'refused' }>): string {
  const codes = reasons.map(({ code }) => code)
  if (codes.every((code) => code === 'more-than-one')) {
    const dimensions = [...new Set(differences.map(({ dimension }) => dimension))]
    return `Compare runs in which one of them differs, or say which may: --despite ${dimensions.slice(1).join(',')}. What it changed cannot be told apart then.`
  }
  if (codes.every((code) => code === 'too-old')) return 'Allow more with --max-age 90d, or run the older one again.'
  return 'Run the one that is missing again: `cc-ci test RECIPE --ref COMMIT`.'
}

function readSide(state: string, run: string): Side {
  const id = expandRunId(state, run)
  const { results: file, logs } = runFolder(state, id)
  if (!existsSync(file))
    throw new UsageError('no-results', `run ${id} has no results: ${file}`, {
      kind: 'not-found',
      hint: 'It still runs, or was killed: `cc-ci runs` shows which.',
    })
  return { results: parseResults(JSON.parse(readFileSync(file, 'utf8')), file), logs: logWarnings(logs) }
}

function baselineOf(state: string, results: Results, rule: ComparisonRule): Side {
  const after = summaryOf(results)
  const found = findBaseline(readRunIndex(state).runs, after, { rule })
  if (found.run) return readSide(state, found.run.id)
  const why = found.why.map(({ times, message }) => `${times} of ${found.asked}: ${message}`)
  const asked =
    found.asked === 0
      ? `no earlier run of ${after.recipe.name} is kept`
      : `none of ${found.asked} earlier runs of ${after.recipe.name} may be compared with it`
  throw new UsageError('no-baseline', [`run ${after.id} has no baseline: ${asked}`, ...why].join('\n  '), {
    kind: 'not-found',
    hint: 'Run the version before it on this machine: `cc-ci test RECIPE --ref COMMIT`.',
  })
}

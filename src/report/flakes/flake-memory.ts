import { type FlakeMemory, WINDOW_MS } from '../../history/flakes/memory.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { oneLine } from '../text/plain-text.ts'

const DAYS = Math.round(WINDOW_MS / 86_400_000)

/** `2 of 14 runs of this tier in the last 28 d: 14 %, flaky since 2026-11-02`: the rate with the count that it stands on. */
export function rateText({ runs, flaky, rate, since, test }: FlakeMemory): string {
  const what = test ? 'this test' : 'this tier'
  const known = since ? `, flaky since ${since.at.slice(0, 10)}` : ''
  return `${flaky} of ${runs} run${runs === 1 ? '' : 's'} of ${what} in the last ${DAYS} d: ${percent(rate)}${known}`
}

/** The flaky passes of one run: a line for each, tests by name. */
export function chanceTexts(memory: readonly FlakeMemory[]): string[] {
  return memory.map((one) => {
    const what = one.test ? `${one.tier} "${oneLine(one.test.title)}"` : one.tier
    return `${what} passed on the second attempt; ${rateText(one)}`
  })
}

/** A table for a terminal: what is or was flaky first, by how often. */
export function flakeTable(memory: readonly FlakeMemory[]): string {
  const rows = memory.map((one) => {
    const { recipe, tier, test, attempts, failed, took, since } = one
    const times = took ? `p50 ${formatDuration(took.p50Ms)}, p95 ${formatDuration(took.p95Ms)}` : 'never passed'
    return [
      `${oneLine(recipe)}  ${tier}${test ? ` "${oneLine(test.title)}" (${oneLine(test.file)})` : ''}`,
      `    flaky ${one.flaky} of ${one.runs} runs (${percent(one.rate)}), ${attempts} attempts, ${failed} failed; ${times}`,
      ...(since ? [`    flaky since ${since.at.slice(0, 10)}, run ${since.run}`] : []),
      ...(one.tools.length > 1 ? [`    by several versions of cc-ci: ${one.tools.map(oneLine).join(', ')}`] : []),
    ].join('\n')
  })
  return rows.map((row) => `${row}\n`).join('')
}

export function percent(rate: number): string {
  return `${Math.round(rate * 100)} %`
}

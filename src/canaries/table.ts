import type { Ink } from '../report/ink.ts'
import type { Canary } from './canary.ts'
import type { CanaryRun } from './run-canary.ts'

/** What a canary must end with, or did: tier, cause and blame in this order. */
export interface Cells {
  readonly tier: string
  readonly cause: string
  readonly blame: string
}

const WIDTHS = { canary: 26, tier: 12, cause: 29, blame: 8, seconds: 8 } as const

export function expectedCells({ expect }: Canary): Cells {
  return cells(expect, expect.findings)
}

function foundCells({ found }: CanaryRun): Cells {
  return found ? cells(found, []) : { tier: '?', cause: '?', blame: '?' }
}

function cells(
  { tier, cause, verdict, blame }: { tier: string | null; cause: string | null; verdict: string; blame: string | null },
  findings: readonly string[] = [],
): Cells {
  const [finding] = findings
  const told = finding === undefined ? '' : ` (tells ${finding})`
  return {
    tier: tier ?? (verdict === 'refused' ? 'plan' : '–'),
    cause: cause ?? `${verdict}${told}`,
    blame: blame ?? '–',
  }
}

export function headerLine(): string {
  return row({ canary: 'canary', tier: 'tier', cause: 'cause', blame: 'blame', seconds: 'seconds' }, '')
}

/** One line for a run that ended, and one more for each thing that differs. */
export function runLines(run: CanaryRun, canary: Canary, ink: Ink): string[] {
  const ok = run.differences.length === 0
  const expected = expectedCells(canary)
  const seconds = (run.ms / 1000).toFixed(1)
  const sign = ok ? ink('green', 'ok') : ink('red', 'NOT AS EXPECTED')
  const first = row({ canary: run.name, ...expected, seconds }, sign)
  if (ok) return [first]
  const found = foundCells(run)
  return [
    first,
    row({ canary: '  found', ...found, seconds: '' }, ''),
    ...run.differences.map((text) => `    ${ink('red', '-')} ${text}`),
    ...(run.kept ? [`    kept: ${run.kept}`] : []),
  ]
}

function row(cells: Cells & { readonly canary: string; readonly seconds: string }, end: string): string {
  const { canary, tier, cause, blame, seconds } = cells
  const padded = [
    canary.padEnd(WIDTHS.canary),
    tier.padEnd(WIDTHS.tier),
    cause.padEnd(WIDTHS.cause),
    blame.padEnd(WIDTHS.blame),
    seconds.padStart(WIDTHS.seconds),
  ]
  return `${padded.join(' ')}  ${end}`.trimEnd()
}

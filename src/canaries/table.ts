import type { Ink } from '../report/text/colors.ts'
import type { Canary } from './canary.ts'
import type { CanaryRun } from './run-canary.ts'

/** What a canary must end with, or did: tier, cause and blame in this order. */
export interface Cells {
  readonly tier: string
  readonly cause: string
  readonly blame: string
}

/** Longer only where the fault itself takes longer to show. */
const WITHIN_SECONDS = 60

const WIDTHS = { canary: 28, tier: 12, cause: 29, blame: 8, seconds: 8 } as const

export function expectedCells({ expect }: Canary): Cells {
  return cells(expect, expect.findings)
}

function foundCells({ found }: CanaryRun, { expect }: Canary): Cells {
  if (!found) return { tier: '?', cause: '?', blame: '?' }
  return cells(
    found,
    (expect.findings ?? []).filter((code) => found.findings.includes(code)),
  )
}

function withinSeconds({ withinSeconds = WITHIN_SECONDS }: Canary['expect']): number {
  return withinSeconds
}

/** Whether what decided was known later than it could have been; the machine may be the reason. */
export function isLate({ times }: Pick<CanaryRun, 'times'>, { expect }: Canary): boolean {
  const { sinceActMs } = times
  return sinceActMs !== null && sinceActMs > withinSeconds(expect) * 1000
}

function cells(
  { tier, cause, verdict, blame }: { tier: string | null; cause: string | null; verdict: string; blame: string | null },
  findings: readonly string[] = [],
): Cells {
  const [finding] = findings
  const expected = finding === undefined ? '' : ` (tells ${finding})`
  return {
    tier: tier ?? (verdict === 'refused' ? 'plan' : '–'),
    cause: cause ?? `${verdict}${expected}`,
    blame: blame ?? '–',
  }
}

export function headerLine(): string {
  const names = { canary: 'canary', tier: 'tier', cause: 'cause', blame: 'blame', seconds: 'seconds' }
  return row({ ...names, deployed: 'to red', sign: 'of sign' }, '')
}

/** One line for a run that ended, and one more for each thing that differs. */
export function runLines(run: CanaryRun, canary: Canary, ink: Ink): string[] {
  const ok = run.differences.length === 0
  const { sinceActMs, sinceSignMs } = run.times
  const times = { seconds: seconds(run.ms), deployed: seconds(sinceActMs), sign: seconds(sinceSignMs) }
  const late = isLate(run, canary) ? ink('yellow', ` late: ${withinSeconds(canary.expect)} s would do`) : ''
  const found = foundCells(run, canary)
  if (ok) return [row({ canary: run.name, ...found, ...times }, `${ink('green', 'ok')}${late}`)]
  return [
    row(
      { canary: run.name, ...expectedCells(canary), seconds: '', deployed: '', sign: '' },
      ink('red', 'NOT AS EXPECTED'),
    ),
    row({ canary: '  found', ...found, ...times }, late.trimStart()),
    ...run.differences.map((text) => `    ${ink('red', '-')} ${text}`),
    ...(run.kept ? [`    kept: ${run.kept}`] : []),
  ]
}

interface Row extends Cells {
  readonly canary: string
  readonly seconds: string
  readonly deployed: string
  readonly sign: string
}

function row(cells: Row, end: string): string {
  const { canary, tier, cause, blame, seconds, deployed, sign } = cells
  const padded = [
    canary.padEnd(WIDTHS.canary),
    tier.padEnd(WIDTHS.tier),
    cause.padEnd(WIDTHS.cause),
    blame.padEnd(WIDTHS.blame),
    ...[seconds, deployed, sign].map((text) => text.padStart(WIDTHS.seconds)),
  ]
  return `${padded.join(' ')}  ${end}`.trimEnd()
}

function seconds(ms: number | null): string {
  return ms === null ? '–' : (ms / 1000).toFixed(1)
}

import { firstEnd } from '../../verdict/attempts.ts'
import type { Results, TierResult } from '../../verdict/results.ts'
import { WHO_ACTS } from '../run/who-acts.ts'
import { type Ink, SIGNS } from '../text/colors.ts'
import { oneLine, plain } from '../text/plain-text.ts'
import { fitRows } from './fit-rows.ts'

/** Of the lines that decided, on a terminal; elsewhere all stand. */
const MAX_LINES = 8
/** Of each of these lines. */
const MAX_COLUMNS = 320

export interface CauseLook {
  readonly ink: Ink
  readonly width: number | undefined
  /** Of the tier that decided: since when it is so, in words. */
  readonly since?: string | undefined
}

/** What a tier ended with at first, and what decided it: cause, its lines, whose move it is, what to do. Nothing of a tier that passed or waits for another. */
export function causeRows(tier: TierResult, results: Results, { ink, width, since }: CauseLook): string[] {
  const { id, status, cause } = tier
  const first = firstEnd(tier, results)?.cause
  const atFirst = first
    ? fitRows(`at first: ${first.code}: ${oneLine(first.message)}`, { indent: 6, width }).map((row) => ink('dim', row))
    : []
  const { sign, style } = SIGNS[status]
  const head = (text: string) =>
    fitRows(`${sign} ${id}: ${text}`, { indent: 2, hang: 4, width }).map((row) => ink(style, row))
  if (!cause || cause.code === 'blocked')
    return atFirst.length > 0 ? [...head('passed the second time'), ...atFirst] : []
  const whose = `blame: ${cause.blame}${cause.service ? `, service ${oneLine(cause.service)}` : ''} (${WHO_ACTS[cause.blame]})`
  return [
    ...head(`${cause.code}: ${oneLine(cause.message)}`),
    ...atFirst,
    ...lineRows(cause.lines, { ink, width }),
    ...fitRows(whose, { indent: 6, width }),
    ...(since === undefined ? [] : fitRows(`since: ${oneLine(since)}`, { indent: 6, hang: 7, width })),
    ...fitRows(`→ ${oneLine(cause.hint)}`, { indent: 6, hang: 2, width }),
  ]
}

function lineRows(lines: readonly string[], { ink, width }: CauseLook): string[] {
  const folded = foldEqual(lines.map((line) => plain(line).replaceAll('\n', ' ').trimEnd()))
  const shown = width === undefined ? folded : folded.slice(-MAX_LINES)
  const hidden = folded.length - shown.length
  const before = hidden > 0 ? [`… ${hidden} line${hidden === 1 ? '' : 's'} before`] : []
  const room = width === undefined ? undefined : width - 8
  return [...before, ...shown]
    .flatMap((line) => fitRows(line, { indent: 0, hang: 2, width: room, most: MAX_COLUMNS }))
    .map((row) => `      ${ink('dim', `│ ${row}`)}`)
}

/** Equal lines one after the other are one, which says how many they are. */
function foldEqual(lines: readonly string[]): string[] {
  const folded: { readonly line: string; times: number }[] = []
  for (const line of lines) {
    const last = folded.at(-1)
    if (last?.line === line) last.times += 1
    else folded.push({ line, times: 1 })
  }
  return folded.map(({ line, times }) => (times === 1 ? line : `${line}  (${times} times)`))
}

import { formatDuration } from '../../lib/text/duration.ts'
import { type RunEvent, upgradePath } from '../../verdict/events.ts'
import { fold } from '../../verdict/fold.ts'
import type { TierResult } from '../../verdict/results.ts'
import type { TierId } from '../../verdict/tiers.ts'
import { manifestLines } from '../run/manifest.ts'
import { tierWords } from '../run/proven.ts'
import { type Ink, SIGNS } from '../text/colors.ts'
import { cut, oneLine } from '../text/plain-text.ts'
import { fitRows } from './fit-rows.ts'
import { NARROW } from './screen.ts'

/** The lines that an event leaves, on a terminal and elsewhere. `width`: columns of the terminal, where each is to fit in one. */
export function stayingRows(event: RunEvent, events: readonly RunEvent[], ink: Ink, width?: number): string[] {
  switch (event.type) {
    case 'run.started':
      return startRows(event, ink, width)
    case 'tier.ended':
    case 'tier.skipped':
    case 'tier.blocked':
      return [tierRow(event.tier, events, ink, width)]
    case 'attempt.started':
      return [`  ${ink('yellow', `↻ once more on a fresh stack: ${oneLine(event.because)}, which may be chance`)}`]
    case 'leak':
      return [`  ${ink('yellow', `!! left behind: ${event.kind} ${oneLine(event.name)}`)}`]
    case 'run.interrupted':
      return [`  ${ink('yellow', `!! stopped by ${event.signal}: removing what was made`)}`]
    case 'note':
      return [`  ${ink('dim', oneLine(event.text))}`]
    default:
      return []
  }
}

/** How long a tier usually takes, in ms, where earlier runs tell. */
export function usualMs(tier: TierId, [first]: readonly RunEvent[]): number | undefined {
  return first?.type === 'run.started' ? first.expected?.tiers.find(({ id }) => id === tier)?.p50Ms : undefined
}

function startRows(event: Extract<RunEvent, { type: 'run.started' }>, ink: Ink, width?: number): string[] {
  const { recipe, base, run, domain, customization } = event
  const version = recipe.version ? ` ${oneLine(recipe.version)}` : ''
  const from = base ? `, upgraded from ${oneLine(upgradePath(base))}` : ''
  return [
    `${ink('bold', `${oneLine(recipe.name)}${version}`)}${from}`,
    ...fitRows(`run ${run.id}  ${oneLine(domain)}`, { indent: 2, width }).map((row) => ink('dim', row)),
    ...manifestLines(customization).flatMap((line) =>
      fitRows(line, { indent: 2, hang: 11, width }).map((row) =>
        ink(line.startsWith('refused') ? 'yellow' : 'dim', row),
      ),
    ),
  ]
}

/** The outcome so far, from the same rules as the verdict: a view has no opinion of its own. */
function tierRow(tier: TierId, events: readonly RunEvent[], ink: Ink, width?: number): string {
  const result = fold(events).tiers.find(({ id }) => id === tier) as TierResult
  const { sign, style } = SIGNS[result.status]
  const time = result.startedAt ? formatDuration(result.durationMs) : ''
  const wide = width === undefined || width >= NARROW
  const head = wide ? `${tier.padEnd(12)}${time.padStart(12)}  ` : `${tier}${time === '' ? '' : ` ${time}`}  `
  const why = oneLine(tierWords(result))
  const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(8, width - head.length - 5)
  return `  ${ink(style, sign)} ${head}${ink(result.status === 'pass' ? 'dim' : style, cut(why, room))}`
}

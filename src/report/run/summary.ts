import { formatDuration } from '../../lib/text/duration.ts'
import { firstEnd } from '../../verdict/attempts.ts'
import { upgradePath } from '../../verdict/events.ts'
import { levelName } from '../../verdict/level.ts'
import type { Results, TierResult } from '../../verdict/results.ts'
import { flakyText } from '../flakes/flaky.ts'
import { type Ink, inkFor, SIGNS } from '../text/colors.ts'
import { cut, oneLine, plain } from '../text/plain-text.ts'
import { notLookedText } from './not-looked.ts'
import { partText } from './partial-run.ts'
import { quarantineTexts } from './quarantine.ts'

const MAX_LINES = 8
const MAX_FINDINGS = 5

export interface SummaryOptions {
  /** Default false. */
  readonly color?: boolean
  readonly reportPath?: string
  /** What is no longer there of the run, in words. */
  readonly pruned?: string
  /** How often what passed on a second attempt only did so before, in words. */
  readonly chance?: readonly string[]
  /** Columns for reasons and lines. Default 100. */
  readonly width?: number
}

/** The end of a run for a person: verdict, level, every tier with its time and cause, what else was found, where the report is. */
export function summaryText(results: Results, options: SummaryOptions = {}): string {
  const ink = inkFor(options.color === true)
  const width = Math.max(40, options.width ?? 100)
  const blocks = [
    [...headline(results, ink), ...partRows(results, width)],
    results.tiers.flatMap((tier) => [...tierRows(tier, ink, width), ...firstEndRows(tier, results, ink, width)]),
    noHttpRows(results, ink, width),
    dataRows(results, ink, width),
    loudRows(results, options.chance ?? [], ink),
    findingRows(results, options, ink, width),
    closing(results, options, ink),
  ]
  return `\n${blocks
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.join('\n'))
    .join('\n\n')}\n`
}

function headline(results: Results, ink: Ink): string[] {
  const { verdict, level, recipe, base, run } = results
  const { sign, style } = SIGNS[verdict]
  const version = recipe.version ? ` ${oneLine(recipe.version)}` : ''
  const from = base ? ` from ${oneLine(upgradePath(base))} (${base.source})` : ''
  const took = formatDuration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))
  const flaky = flakyText(results)
  // A pass without an installation of its own was asked for no level: part of a life, or the app of another run.
  const reached = verdict === 'pass' && level === 0 ? '' : `level ${level} (${levelName(level)})  `
  return [
    `${ink(['bold', style], `${sign} ${verdict.toUpperCase()}`)}${flaky === '' ? '' : ` (${flaky})`}  ${reached}${took}`,
    `  ${oneLine(recipe.name)}${version}${from}  ${recipe.commit.slice(0, 10)}${recipe.dirty ? ' + uncommitted changes' : ''}`,
  ]
}

function partRows(results: Results, width: number): string[] {
  const text = partText(results)
  return text === '' ? [] : wrap(text, width - 2).map((row) => `  ${row}`)
}

function tierRows(
  { id, status, reason, skipKind, cause, startedAt, durationMs }: TierResult,
  ink: Ink,
  width: number,
): string[] {
  if (skipKind === 'not-selected') return []
  const { sign, style } = SIGNS[status]
  const time = (startedAt ? formatDuration(durationMs) : '').padStart(12)
  const room = Math.max(24, width - 42)
  const whole = cause ? `${cause.code}: ${oneLine(cause.message)}` : oneLine(reason)
  const fits = whole.length <= room
  const row = `  ${ink(style, sign)} ${id.padEnd(12)}${ink(style, status.padEnd(11))}${time}  ${fits || !cause || cause.code === 'blocked' ? cut(whole, room) : cause.code}`
  if (!cause || cause.code === 'blocked') return [row]
  const message = fits ? [] : wrap(oneLine(cause.message), width - 6).map((part) => `      ${part}`)
  return [row, ...message.slice(0, MAX_LINES), ...causeRows(cause, ink, width)]
}

/** Of a tier that was judged twice: what it ended with before. */
function firstEndRows(tier: TierResult, results: Results, ink: Ink, width: number): string[] {
  const cause = firstEnd(tier, results)?.cause
  if (!cause) return []
  const rows = wrap(`at first: ${cause.code}: ${oneLine(cause.message)}`, width - 6)
  return rows.slice(0, MAX_LINES).map((row) => `      ${ink('dim', row)}`)
}

function causeRows(cause: NonNullable<TierResult['cause']>, ink: Ink, width: number): string[] {
  const whose = `blame: ${cause.blame}${cause.service ? `, service ${oneLine(cause.service)}` : ''}`
  const hidden = cause.lines.length - MAX_LINES
  const lines = cause.lines
    .slice(-MAX_LINES)
    .map((line) => `      ${ink('dim', `│ ${cut(plain(line).replaceAll('\n', ' '), width - 8)}`)}`)
  return [
    `      ${ink('dim', cut(whose, width - 6))}`,
    ...(hidden > 0 ? [`      ${ink('dim', `│ … ${hidden} lines before`)}`] : []),
    ...lines,
    ...wrap(oneLine(cause.hint), width - 8).map((part, index) => `      ${index === 0 ? '→ ' : '  '}${part}`),
  ]
}

/** That nobody asked for a page, which a level alone does not tell. */
function noHttpRows({ tiers }: Results, ink: Ink, width: number): string[] {
  const reason = tiers.flatMap(({ evidence }) =>
    evidence.flatMap((piece) => (piece.kind === 'no-http' && 'reason' in piece ? [String(piece.reason)] : [])),
  )[0]
  return reason === undefined ? [] : [ink('yellow', cut(`  no HTTP to ask for: ${oneLine(reason)}`, width))]
}

/** What became of the data: each database with its numbers, the volumes of a tier in one line, whatever is lost by name. */
function dataRows({ tiers }: Results, ink: Ink, width: number): string[] {
  return tiers.flatMap(({ id, evidence }) => {
    const rows = evidence.flatMap((piece) => (piece.kind === 'witness' && 'witnesses' in piece ? piece.witnesses : []))
    const files = rows.filter(
      ({ kind, result }) => kind === 'file' && (result === 'kept' || result === 'changed'),
    ).length
    const named = rows.filter(({ kind, result }) => result === 'lost' || !VOLUME_KINDS.includes(kind))
    const line = (text: string) => cut(`  data after ${id.padEnd(8)} ${text}`, width)
    return [
      ...named.map(({ subject, result, summary }) => {
        const text = line(`${oneLine(subject)}: ${RESULT_WORDS[result]}${oneLine(summary)}`)
        return ink(result === 'lost' ? 'red' : 'dim', text)
      }),
      ...(files > 0
        ? [
            ink(
              'dim',
              line(`${files} marker file${files === 1 ? ' is' : 's are'} ${id === 'restore' ? 'back' : 'still there'}`),
            ),
          ]
        : []),
    ]
  })
}

const VOLUME_KINDS: readonly string[] = ['file', 'manifest']
const RESULT_WORDS = { kept: '', changed: '', lost: 'LOST: ', excluded: 'not asked back: ' } as const

/** What must not be overlooked, whatever the verdict. */
function loudRows(results: Results, chance: readonly string[], ink: Ink): string[] {
  const { leaks, secretLeaks, flags, run, customization, findings } = results
  return [
    ...(run.interrupted ? [`stopped by ${run.interrupted}`] : []),
    ...(run.complete ? [] : ['the record of this run has no end']),
    ...leaks.map(({ kind, name }) => `left behind: ${kind} ${oneLine(name)}`),
    ...secretLeaks.map((where) => `a secret stood in ${oneLine(where)}`),
    ...(flags.noSecretLeak || secretLeaks.length > 0 ? [] : ['what is kept was not scanned for secrets']),
    ...findings.filter(({ code }) => code === 'restore-small').map(({ message }) => oneLine(message)),
    ...customization.refused.map((what) => `refused: ${oneLine(what)}`),
    ...quarantineTexts(results).map(oneLine),
    ...chance.map(oneLine),
  ].map((text) => `  ${ink('yellow', `!! ${text}`)}`)
}

function findingRows({ findings }: Results, options: SummaryOptions, ink: Ink, width: number): string[] {
  if (findings.length === 0) return []
  const order = ['error', 'warning', 'info']
  const top = [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity)).slice(0, MAX_FINDINGS)
  const rows = top.map(({ code, severity, message, where }) => {
    const text = `${severity.padEnd(8)}${oneLine(code)}  ${where ? `${oneLine(where)}  ` : ''}${oneLine(message)}`
    return `    ${ink(severity === 'error' ? 'red' : 'dim', cut(text, width - 4))}`
  })
  const rest = findings.length - top.length
  return [
    `  ${findings.length} finding${findings.length === 1 ? '' : 's'}`,
    ...rows,
    ...(rest > 0 ? [`    and ${rest} more in ${whole(options)}`] : []),
  ]
}

/** Where all of it is. */
function whole({ reportPath, pruned }: SummaryOptions): string {
  return pruned && !reportPath ? 'results.json' : 'the report'
}

function closing(results: Results, { reportPath, pruned }: SummaryOptions, ink: Ink): string[] {
  const { accommodations, tiers } = results
  // Pictures are in every run.
  const hidden = notLookedText({ notLooked: results.notLooked?.filter(({ why }) => why !== 'picture') })
  const codes = new Set(tiers.flatMap(({ cause }) => (cause && cause.code !== 'blocked' ? [cause.code] : [])))
  const next = [...codes].map((code) => `cc-ci explain ${code}`).join(', ')
  const count = accommodations.length
  return [
    ...(count > 0
      ? [`  ${count} accommodation${count === 1 ? '' : 's'} to this machine (in ${whole({ reportPath, pruned })})`]
      : []),
    ...(hidden ? [`  not looked into for secrets: ${hidden} (in ${whole({ reportPath, pruned })})`] : []),
    ...(reportPath ? [`  report  ${reportPath}`] : []),
    ...(pruned ? [`  ${pruned}`] : []),
    ...(next ? [`  ${ink('dim', `next    ${next}`)}`] : []),
    ...resumeRows(results, ink),
  ]
}

function resumeRows({ findings, recipe, run }: Results, ink: Ink): string[] {
  if (!findings.some(({ code }) => code === 'checkpoint-kept')) return []
  return [`  ${ink('dim', `resume  cc-ci test ${oneLine(recipe.origin)} --resume ${run.id}`)}`]
}

function wrap(text: string, width: number): string[] {
  const rows = ['']
  for (const word of text.split(' ')) {
    const last = rows.at(-1) ?? ''
    if (last !== '' && last.length + word.length + 1 > width) rows.push(word)
    else rows[rows.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return rows
}

import { dirname, join } from 'node:path'
import { formatDuration } from '../../lib/text/duration.ts'
import { decisiveTier } from '../../verdict/decisive.ts'
import { upgradePath } from '../../verdict/events.ts'
import { levelName } from '../../verdict/level.ts'
import type { Results, TierResult } from '../../verdict/results.ts'
import { flakyText } from '../flakes/flaky.ts'
import { notLookedText } from '../run/not-looked.ts'
import { partText } from '../run/partial-run.ts'
import { tierWords } from '../run/proven.ts'
import { quarantineTexts } from '../run/quarantine.ts'
import { type Ink, inkFor, SIGNS } from '../text/colors.ts'
import { cut, oneLine } from '../text/plain-text.ts'
import { causeRows } from './cause-rows.ts'
import { dataRows } from './data-rows.ts'
import { fitRows } from './fit-rows.ts'
import { fileLink, NARROW } from './screen.ts'

/** On a terminal; elsewhere all are listed. */
const MAX_FINDINGS = 5

export interface SummaryOptions {
  /** Default false. */
  readonly color?: boolean
  /** Whether the path of the report is a link. Default false. */
  readonly links?: boolean
  readonly reportPath?: string
  /** What is no longer there of the run, in words. */
  readonly pruned?: string
  /** How often what passed on a second attempt only did so before, in words. */
  readonly chance?: readonly string[]
  /** Since when it is red, in words; null or missing: nothing is known of earlier runs. */
  readonly since?: string | null
  /** How to reach the app that was kept. */
  readonly kept?: readonly string[]
  /** The tiers stand right above, as the run showed them: they are listed again only where that needs more words. Default false. */
  readonly tiersShown?: boolean
  /** Columns of a terminal. Default: it is none, so that nothing is cut or broken. */
  readonly width?: number | undefined
}

/**
 * The end of a run for a person: outcome, what decided it with whose move it is, since when and what to do, every tier, what became of the data, what else was found, and where
 * all of it is.
 */
export function summaryText(results: Results, options: SummaryOptions = {}): string {
  const ink = inkFor(options.color === true)
  const width = options.width === undefined ? undefined : Math.max(30, options.width)
  const decisive = decisiveTier(results)
  const blocks = [
    [...headline(results, ink, width), ...fitRows(partText(results), { indent: 2, width })],
    ...results.tiers.map((tier) =>
      causeRows(tier, results, { ink, width, since: tier === decisive && options.since ? options.since : undefined }),
    ),
    listsTiers(results, options) ? results.tiers.flatMap((tier) => tierRows(tier, ink, width)) : [],
    noHttpRows(results, ink, width),
    dataRows(results, ink, width),
    loudRows(results, options.chance ?? [], { ink, width }),
    findingRows(results, options, { ink, width }),
    closing(results, options, { ink, width }),
    options.kept ?? [],
  ]
  return `\n${blocks
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.join('\n'))
    .join('\n\n')}\n`
}

function headline(results: Results, ink: Ink, width?: number): string[] {
  const { verdict, level, recipe, base, run, tiers } = results
  const { sign, style } = SIGNS[verdict]
  const version = recipe.version ? ` ${oneLine(recipe.version)}` : ''
  const from = base ? ` from ${oneLine(upgradePath(base))} (${base.source})` : ''
  const took = formatDuration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))
  const flaky = flakyText(results)
  // Without an installation of its own it was asked for no level: part of a life, or the app of another run.
  const part = tiers.some(({ id, skipKind }) => id === 'install' && skipKind === 'not-selected')
  const reached = level === 0 && (verdict === 'pass' || part) ? '' : `level ${level} (${levelName(level)})  `
  const what = `${oneLine(recipe.name)}${version}${from}  ${recipe.commit.slice(0, 10)}${recipe.dirty ? ' + uncommitted changes' : ''}`
  return [
    `${ink(['bold', style], `${sign} ${verdict.toUpperCase()}`)}${flaky === '' ? '' : ` (${flaky})`}  ${reached}${took}`,
    ...fitRows(what, { indent: 2, width }),
  ]
}

/** With several attempts what counts is not what was shown last. */
function listsTiers({ attempts, run }: Results, { tiersShown = false }: SummaryOptions): boolean {
  return !tiersShown || attempts !== undefined || !run.complete
}

function tierRows(tier: TierResult, ink: Ink, width?: number): string[] {
  const { id, status, skipKind, startedAt, durationMs } = tier
  if (skipKind === 'not-selected') return []
  const { sign, style } = SIGNS[status]
  const time = startedAt ? formatDuration(durationMs) : ''
  // The message of a cause stands above, whole.
  const words = isOwn(tier) && tier.cause ? tier.cause.code : oneLine(tierWords(tier))
  const look = (text: string) => (status === 'pass' ? ink('dim', text) : text)
  if (width !== undefined && width < NARROW) {
    const row = `  ${ink(style, sign)} ${id.padEnd(12)}${time}`
    return [row.trimEnd(), ...fitRows(words, { indent: 6, width }).map(look)]
  }
  const row = `  ${ink(style, sign)} ${id.padEnd(12)}${ink(style, status.padEnd(11))}${time.padStart(12)}  `
  return [`${row}${look(width === undefined ? words : cut(words, width - 42))}`]
}

/** It has a cause, and not that another tier kept it from beginning. */
function isOwn({ cause }: TierResult): boolean {
  return cause !== undefined && cause.code !== 'blocked'
}

/** That nobody asked for a page, which a level alone does not tell. */
function noHttpRows({ tiers }: Results, ink: Ink, width?: number): string[] {
  const reason = tiers.flatMap(({ evidence }) =>
    evidence.flatMap((piece) => (piece.kind === 'no-http' && 'reason' in piece ? [String(piece.reason)] : [])),
  )[0]
  if (reason === undefined) return []
  return fitRows(`no HTTP to ask for: ${oneLine(reason)}`, { indent: 2, width }).map((row) => ink('yellow', row))
}

interface Look {
  readonly ink: Ink
  readonly width: number | undefined
}

/** What must not be overlooked, whatever the verdict. */
function loudRows(results: Results, chance: readonly string[], { ink, width }: Look): string[] {
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
  ].flatMap((text) => fitRows(`!! ${text}`, { indent: 2, hang: 3, width }).map((row) => ink('yellow', row)))
}

function findingRows({ findings }: Results, options: SummaryOptions, { ink, width }: Look): string[] {
  if (findings.length === 0) return []
  const order = ['error', 'warning', 'info']
  const sorted = [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
  const top = width === undefined ? sorted : sorted.slice(0, MAX_FINDINGS)
  const rows = top.flatMap(({ code, severity, message, where }) => {
    const text = `${severity.padEnd(8)}${oneLine(code)}  ${where ? `${oneLine(where)}  ` : ''}${oneLine(message)}`
    return fitRows(text, { indent: 4, hang: 8, width, most: 240 }).map((row) =>
      ink(severity === 'error' ? 'red' : 'dim', row),
    )
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

function closing(results: Results, options: SummaryOptions, { ink, width }: Look): string[] {
  const { accommodations, tiers } = results
  const { reportPath, pruned, links = false } = options
  // Pictures are in every run.
  const hidden = notLookedText({ notLooked: results.notLooked?.filter(({ why }) => why !== 'picture') })
  const codes = new Set(tiers.flatMap((tier) => (isOwn(tier) && tier.cause ? [tier.cause.code] : [])))
  const next = [...codes].map((code) => `cc-ci explain ${code}`).join(', ')
  const count = accommodations.length
  const indented = (text: string) => fitRows(text, { indent: 2, width })
  return [
    ...(count > 0
      ? indented(`${count} accommodation${count === 1 ? '' : 's'} to this machine (in ${whole(options)})`)
      : []),
    ...(hidden ? indented(`not looked into for secrets: ${hidden} (in ${whole(options)})`) : []),
    ...(pruned ? indented(pruned) : []),
    ...(next ? fitRows(`next    ${next}`, { indent: 2, hang: 8, width }).map((row) => ink('dim', row)) : []),
    ...resumeRows(results, ink),
    ...traceRows(results, options, ink),
    ...(reportPath ? [`  report  ${fileLink(reportPath, links)}`] : []),
  ]
}

/** What the first failed test left to watch it again, as a command. */
function traceRows({ tiers }: Results, { reportPath, pruned }: SummaryOptions, ink: Ink): string[] {
  if (!reportPath || pruned) return []
  const failed = tiers.flatMap(({ tests }) => tests.filter(({ status }) => status === 'failed'))
  const trace = failed.flatMap(({ artifacts = [] }) => artifacts.filter((path) => path.endsWith('trace.zip')))[0]
  if (trace === undefined) return []
  return [`  ${ink('dim', `trace   npx playwright show-trace '${join(dirname(reportPath), oneLine(trace))}'`)}`]
}

function resumeRows({ findings, recipe, run }: Results, ink: Ink): string[] {
  if (!findings.some(({ code }) => code === 'checkpoint-kept')) return []
  return [`  ${ink('dim', `resume  cc-ci test ${oneLine(recipe.origin)} --resume ${run.id}`)}`]
}

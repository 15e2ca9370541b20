import { formatDuration } from '../../lib/text/duration.ts'
import { upgradePath } from '../../verdict/events.ts'
import { levelName } from '../../verdict/level.ts'
import type { Results, TierResult } from '../../verdict/results.ts'
import { flakyText } from '../flakes/flaky.ts'
import { SIGNS } from '../text/colors.ts'
import { cut, oneLine, plain } from '../text/plain-text.ts'
import { partText } from './partial-run.ts'
import { quarantineTexts } from './quarantine.ts'

const MAX_LINES = 12
const MAX_FINDINGS = 10

export interface MarkdownOptions {
  readonly reportUrl?: string
  /** How often what passed on a second attempt only did so before, in words. */
  readonly chance?: readonly string[]
}

/** The short form of a run for a comment on a pull request. Whatever a recipe says stays text: no markup, link, mention or HTML of its own. */
export function markdownSummary(results: Results, options: MarkdownOptions = {}): string {
  const { recipe, verdict, level, tiers, findings } = results
  const version = recipe.version ? ` ${markdownText(recipe.version)}` : ''
  const flaky = flakyText(results)
  const parts = [
    `### ${SIGNS[verdict].sign} ${verdict}, level ${level} (${levelName(level)})${flaky === '' ? '' : `, ${flaky}`}`,
    `**${markdownText(recipe.name)}**${version} at ${code(recipe.commit.slice(0, 10))}${recipe.dirty ? ' with uncommitted changes' : ''}${from(results)}`,
    markdownText(partText(results)),
    table(tiers),
    ...tiers.filter(({ cause }) => cause && cause.code !== 'blocked').map(causeText),
    warnings(results, options.chance ?? []),
    findingsText(findings),
    options.reportUrl && /^https?:\/\/[^\s<>()"]+$/.test(options.reportUrl)
      ? `[Full report](<${options.reportUrl}>)`
      : '',
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function from({ base }: Results): string {
  return base ? `, upgraded from ${markdownText(upgradePath(base))}` : ''
}

function table(tiers: readonly TierResult[]): string {
  const shown = tiers.filter(({ skipKind }) => skipKind !== 'not-selected')
  const rows = shown.map(({ id, status, reason, durationMs, startedAt }) => {
    const time = startedAt ? formatDuration(durationMs) : ''
    return `| ${SIGNS[status].sign} | ${id} | ${status} | ${time} | ${markdownText(cut(oneLine(reason), 160))} |`
  })
  return ['| | tier | outcome | time | |', '|---|---|---|---|---|', ...rows].join('\n')
}

function causeText({ id, cause }: TierResult): string {
  if (!cause) return ''
  const service = cause.service ? ` in ${code(cause.service)}` : ''
  const head = `**${id}: ${cause.code}**${service} (blame: ${cause.blame})\n${markdownText(cause.message)}\n${markdownText(cause.hint)}`
  return cause.lines.length > 0 ? `${head}\n\n${block(cause.lines)}` : head
}

function warnings(results: Results, chance: readonly string[]): string {
  const { leaks, secretLeaks, customization } = results
  const rows = [
    ...leaks.map(({ kind, name }) => `left behind: ${kind} ${name}`),
    ...secretLeaks.map((where) => `a secret stood in ${where}`),
    ...customization.refused.map((what) => `refused: ${what}`),
    ...quarantineTexts(results),
    ...chance,
  ]
  return rows.map((row) => `- ⚠ ${markdownText(row)}`).join('\n')
}

function findingsText(findings: Results['findings']): string {
  if (findings.length === 0) return ''
  const rows = findings.slice(0, MAX_FINDINGS).map(({ code: id, severity, message, where }) => {
    return `- ${severity} ${code(id)} ${markdownText(cut(oneLine(message), 200))}${where ? ` (${code(where)})` : ''}`
  })
  const rest = findings.length > MAX_FINDINGS ? [`- and ${findings.length - MAX_FINDINGS} more`] : []
  return [
    `<details><summary>${findings.length} finding${findings.length === 1 ? '' : 's'}</summary>`,
    '',
    ...rows,
    ...rest,
    '',
    '</details>',
  ].join('\n')
}

/** As entities, characters are text and never structure; a zero-width space keeps forges from turning text into mentions and links. */
export function markdownText(value: string): string {
  return oneLine(value)
    .replace(/[\\`*_{}[\]<>()|~&!#@$^="'+:]/g, (character) => `&#${character.codePointAt(0)};`)
    .replace(/&#64;|&#35;|&#58;(?=\/)|www(?=\.)/gi, (found) => `${found}&#8203;`)
}

function code(value: string): string {
  const inner = oneLine(value)
  const fence = fenceFor(inner, 1)
  return inner === '' ? '' : `${fence} ${inner} ${fence}`
}

/** A fenced block whose fence is longer than any run of backticks in it. */
function block(lines: readonly string[]): string {
  const shown = lines.slice(-MAX_LINES).map((line) => cut(plain(line).replaceAll('\n', ' '), 240))
  const fence = fenceFor(shown.join('\n'), 3)
  return [`${fence}text`, ...shown, fence].join('\n')
}

function fenceFor(inner: string, least: number): string {
  const longest = Math.max(0, ...[...inner.matchAll(/`+/g)].map(([run]) => run.length))
  return '`'.repeat(Math.max(least, longest + 1))
}

import { formatDuration } from '../../lib/text/duration.ts'
import { foldRepeats } from '../../lib/text/fold-repeats.ts'
import { mostDecisiveFirst, type WithCause } from '../../verdict/decisive.ts'
import { upgradePath } from '../../verdict/events.ts'
import { levelName } from '../../verdict/level.ts'
import type { Results, TierResult } from '../../verdict/results.ts'
import { flakyText } from '../flakes/flaky.ts'
import { html } from '../html/markup.ts'
import { SIGNS } from '../text/colors.ts'
import { cut, oneLine, plain } from '../text/plain-text.ts'
import { partText } from './partial-run.ts'
import { tierWords } from './proven.ts'
import { quarantineTexts } from './quarantine.ts'

/** Lines of the cause that decided; of the others, which are folded. */
const SHOWN_LINES = 6
const MAX_LINES = 12
const MAX_FINDINGS = 10
const MAX_REFUSED = 5
const CARD_WIDTH = 600

/** What stands in the comment beside what the results say. All of it is Markdown already, but for addresses. */
export interface MarkdownOptions {
  readonly reportUrl?: string
  /** How often what passed on a second attempt only did so before, in words: as text. */
  readonly chance?: readonly string[]
  /** What it changes against its base: comes first. */
  readonly against?: string
  /** What can be done now, below the causes. */
  readonly next?: string
  /** Where an operator looks at refused code and approves it. */
  readonly codeUrl?: string
  /** A picture of the result and where it leads. */
  readonly card?: { readonly url: string; readonly pageUrl: string } | undefined
  /** For whoever unfolds it. */
  readonly folded?: readonly string[]
  /** In the last line: which run of which commit. */
  readonly foot?: string
}

/**
 * A run for a comment on a pull request: what changed, what is not green and what to do, the rest folded. Whatever a recipe says stays text: no markup,
 * link, mention or HTML of its own.
 */
export function markdownSummary(results: Results, options: MarkdownOptions = {}): string {
  const { verdict, level, tiers } = results
  const { against = '', next = '', folded = [], foot = '', reportUrl, chance = [], codeUrl, card } = options
  const flaky = flakyText(results)
  const [decisive, ...others] = mostDecisiveFirst(tiers, verdict)
  const parts = [
    `### ${SIGNS[verdict].sign} ${verdict}, level ${level} (${levelName(level)})${flaky === '' ? '' : `, ${flaky}`}`,
    markdownText(partText(results)),
    against,
    ...(decisive ? [causeLine(decisive), hintAndLines(decisive, SHOWN_LINES)] : []),
    ...others.map(causeLine),
    blockedLine(tiers),
    refusedText(results, codeUrl),
    warnings(results, chance),
    next,
    card && isWeb(card.url) && isWeb(card.pageUrl) ? cardImage(results, card) : '',
    fold(results, [
      table(tiers),
      ...(decisive && decisive.cause.lines.length > SHOWN_LINES ? [foldedCause(decisive)] : []),
      ...others.map(foldedCause),
      findingsText(results),
      ...folded,
    ]),
    [whatRan(results, foot === ''), foot, reportUrl && isWeb(reportUrl) ? `[Full report](<${reportUrl}>)` : '']
      .filter((part) => part !== '')
      .join(' · '),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function isWeb(url: string): boolean {
  return /^https?:\/\/[^\s<>()"]+$/.test(url)
}

function whatRan({ recipe, base }: Results, withCommit: boolean): string {
  const version = recipe.version ? ` ${markdownText(recipe.version)}` : ''
  const from = base ? `, upgraded from ${markdownText(upgradePath(base))}` : ''
  return `**${markdownText(recipe.name)}**${version}${withCommit ? ` at ${code(recipe.commit.slice(0, 10))}` : ''}${recipe.dirty ? ' with uncommitted changes' : ''}${from}`
}

function table(tiers: readonly TierResult[]): string {
  const shown = tiers.filter(({ skipKind }) => skipKind !== 'not-selected')
  const rows = shown.map((tier) => {
    const { id, status, durationMs, startedAt } = tier
    const time = startedAt ? formatDuration(durationMs) : ''
    return `| ${SIGNS[status].sign} | ${id} | ${status} | ${time} | ${markdownText(cut(oneLine(tierWords(tier)), 160))} |`
  })
  return ['| | tier | outcome | time | |', '|---|---|---|---|---|', ...rows].join('\n')
}

function causeLine({ id, status, cause }: WithCause): string {
  const service = cause.service ? ` in ${code(cause.service)}` : ''
  return `${SIGNS[status].sign} **${id}: ${cause.code}**${service} (blame: ${cause.blame}): ${withCode(cut(oneLine(cause.message), 300))}`
}

/** What the machine had left explains nothing of which a recipe is blamed. */
function hintAndLines({ cause }: WithCause, most: number): string {
  const isMachine = (line: string) => cause.blame === 'recipe' && line.startsWith('machine: ')
  const shown = foldRepeats(cause.lines.filter((line) => !isMachine(line)))
  const lines = shown.length > 0 ? [block(shown, most)] : []
  return [...lines, `→ ${withCode(cause.hint)}`].join('\n\n')
}

function foldedCause(tier: WithCause): string {
  return `**${tier.id}**\n\n${hintAndLines(tier, MAX_LINES)}`
}

/** Tiers that could not be judged because of others, in one line for each reason. */
function blockedLine(tiers: readonly TierResult[]): string {
  const blocked = tiers.filter(({ cause }) => cause?.code === 'blocked')
  const lines = [...Map.groupBy(blocked, ({ reason }) => reason)].map(
    ([reason, same]) =>
      `${SIGNS.unverified.sign} **${same.map(({ id }) => id).join(', ')}**: ${markdownText(cut(oneLine(reason), 160))}`,
  )
  return lines.join('\n\n')
}

/** Code that waits for an approval, and the step that gives it. */
function refusedText({ recipe, customization: { refused } }: Results, codeUrl: string | undefined): string {
  if (refused.length === 0) return ''
  const shown = refused.slice(0, MAX_REFUSED).map(code)
  const more = refused.length > MAX_REFUSED ? ` and ${refused.length - MAX_REFUSED} more` : ''
  const step =
    codeUrl && isWeb(codeUrl)
      ? `an operator [looks at the code and approves it](<${codeUrl}>), which starts a new run.`
      : `an operator runs ${code(`cc-ci approve ${recipe.origin} --ref ${recipe.commit}`)} and tests again.`
  return `⚠ **Not run, because nobody approved it:** ${shown.join(', ')}${more}.\n\n→ Next step: ${step}`
}

function warnings(results: Results, chance: readonly string[]): string {
  const { leaks, secretLeaks } = results
  const rows = [
    ...leaks.map(({ kind, name }) => `left behind: ${kind} ${name}`),
    ...secretLeaks.map((where) => `a secret stood in ${where}`),
    ...quarantineTexts(results),
    ...chance,
  ]
  return rows.map((row) => `- ⚠ ${markdownText(row)}`).join('\n')
}

function cardImage(
  { recipe, verdict, level }: Results,
  { url, pageUrl }: NonNullable<MarkdownOptions['card']>,
): string {
  const alt = `${recipe.name} ${recipe.version ?? ''}: ${verdict}, level ${level} (${levelName(level)})`
  return html`<a href="${pageUrl}"><img src="${url}" width="${CARD_WIDTH}" alt="${oneLine(alt)}"></a>`.text
}

function fold({ tiers, findings }: Results, parts: readonly string[]): string {
  const passed = tiers.filter(({ status }) => status === 'pass').length
  const judged = tiers.filter(({ status }) => status !== 'skip').length
  const found = findings.length === 0 ? '' : `, ${findings.length} finding${findings.length === 1 ? '' : 's'}`
  const summary = `Details: ${passed} of ${judged} tiers pass${found}`
  return [
    '<details>',
    `<summary>${summary}</summary>`,
    '',
    parts.filter((part) => part !== '').join('\n\n'),
    '',
    '</details>',
  ].join('\n')
}

/** Without those that say of refused code what stands above already. */
function findingsText({ findings, customization }: Results): string {
  const told = customization.refused.length > 0
  const listed = findings.filter(({ code: id }) => !(told && id === 'code-refused'))
  if (listed.length === 0) return ''
  const rows = listed.slice(0, MAX_FINDINGS).map(({ code: id, severity, message, where }) => {
    return `- ${severity} ${code(id)} ${withCode(cut(oneLine(message), 200))}${where ? ` (${code(where)})` : ''}`
  })
  const rest = listed.length > MAX_FINDINGS ? [`- and ${listed.length - MAX_FINDINGS} more`] : []
  return ['**Findings**', '', ...rows, ...rest].join('\n')
}

/** As entities, characters are text and never structure; a zero-width space keeps forges from turning text into mentions and links. */
export function markdownText(value: string): string {
  return escaped(oneLine(value))
}

function escaped(line: string): string {
  return line
    .replace(/[\\`*_{}[\]<>()|~&!#@$^="'+:]/g, (character) => `&#${character.codePointAt(0)};`)
    .replace(/&#64;|&#35;|&#58;(?=\/)|www(?=\.)/gi, (found) => `${found}&#8203;`)
}

/** What stands between backticks as code, the rest as text. */
function withCode(text: string): string {
  const parts = oneLine(text).split('`')
  if (parts.length % 2 === 0) return markdownText(text)
  return parts.map((part, at) => (at % 2 === 0 ? escaped(part) : code(part))).join('')
}

function code(value: string): string {
  const inner = oneLine(value)
  const fence = fenceFor(inner, 1)
  return inner === '' ? '' : `${fence} ${inner} ${fence}`
}

/** A fenced block whose fence is longer than any run of backticks in it. */
function block(lines: readonly string[], most: number): string {
  const shown = lines.slice(-most).map((line) => cut(plain(line).replaceAll('\n', ' '), 240))
  const fence = fenceFor(shown.join('\n'), 3)
  return [`${fence}text`, ...shown, fence].join('\n')
}

function fenceFor(inner: string, least: number): string {
  const longest = Math.max(0, ...[...inner.matchAll(/`+/g)].map(([run]) => run.length))
  return '`'.repeat(Math.max(least, longest + 1))
}

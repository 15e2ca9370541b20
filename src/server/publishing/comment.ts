import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { flakesOf } from '../../history/flakes/of-run.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Masker } from '../../lib/masking/mask.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { againstBaseMarkdown } from '../../report/comparison/against-base.ts'
import { chanceTexts } from '../../report/flakes/flake-memory.ts'
import { markdownSummary, markdownText } from '../../report/run/markdown.ts'
import { CARD } from '../../report/run/write-views.ts'
import { cut } from '../../report/text/plain-text.ts'
import { parseResults, type Results } from '../../verdict/results.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { CommentNotification, RunRow, Store, StoredReply } from '../contract/store.ts'
import type { AgainstBase, BaseMemory } from '../memory/against-base.ts'
import { readRunAttribution } from '../memory/run-attribution.ts'
import { newestAttribution, whyOffer } from '../memory/why.ts'
import { driftText, readMirrorStates, stateOfMirror } from '../mirrors/last-seen.ts'
import { attributionComment, whyOfferText } from './attribution-text.ts'
import type { ProgressWatch } from './progress.ts'
import { runningText, waitingText } from './status.ts'

/** The first line of our one comment on a pull request: the publisher finds the comment by it. */
export const COMMENT_MARKER = '<!-- cc-ci:testme -->'
const MOST_BYTES = 8 * 1024 ** 2
/** Characters. The forge allows more, but nobody reads more. */
const MOST_TEXT = 60_000
const MOST_REASONS = 3
const LONGEST_REASON = 300

export interface CommentTextDeps {
  readonly store: Store
  readonly settings: Pick<ServerSettings, 'state' | 'publicUrl'>
  /** Files of a run are masked before they are read: once a secret is escaped or cut, it is no longer recognised. */
  readonly masker: Pick<Masker, 'mask'>
  readonly progress: Pick<ProgressWatch, 'published'>
  readonly memory: Pick<BaseMemory, 'against'>
}

/** Our one comment: the newest reply above the text of the newest run. */
export function composeComment(
  where: { readonly repository: string; readonly pull: number },
  { run, reply }: { readonly run: string | null; readonly reply: StoredReply | null },
): CommentNotification {
  const { repository, pull } = where
  const parts = [reply?.text, run].filter((part) => part != null)
  return { kind: 'comment', repository, pull, body: `${COMMENT_MARKER}\n${parts.join('\n\n---\n\n')}`, run, reply }
}

/** Masks before the message is escaped or cut: afterwards a secret would no longer be recognised. */
export function maskedRow(row: RunRow, masker: { mask(text: string): string }): RunRow {
  return row.outcome ? { ...row, outcome: { ...row.outcome, message: masker.mask(row.outcome.message) } } : row
}

/** The part of our comment about the newest run of a pull request, in Markdown. */
export async function runText(deps: CommentTextDeps, row: RunRow, now: number): Promise<string> {
  const text = `${await wholeText(deps, row, now)}${await driftWarning(deps, row)}`
  if (text.length <= MOST_TEXT) return text
  return `${headOf(deps, row)}: **${row.outcome?.verdict ?? row.state}**. The report is too long for a comment.`
}

async function wholeText(deps: CommentTextDeps, row: RunRow, now: number): Promise<string> {
  const { request, state, outcome } = row
  const url = urlOf(deps, row)
  const head = headOf(deps, row)
  if (state === 'queued') return `${head}: ${waitingText(await deps.store.place(request.id, now))}.`
  if (state === 'running') return `${head}: ${runningText(row, await deps.progress.published(row))}.`
  if (state !== 'done') return `${head}: **${state}**. ${markdownText(outcome?.message ?? '')}`
  const { results, problem } = await readResults(deps, row.folder)
  if (!results) return `${head}: **${outcome?.verdict ?? state}**. ${markdownText(problem ?? '')}`
  const { dir } = runFolder(deps.settings.state, row.folder)
  const against = await deps.memory.against(row)
  const { shown, folded } = against ? againstText(deps, row, against) : { shown: '', folded: '' }
  return markdownSummary(results, {
    against: shown,
    next: against ? await why(deps, row, against) : '',
    codeUrl: `${url}/code`,
    card: cardOf(results, url, dir),
    folded: [folded, screenshot(results, url, dir)],
    foot: head,
    reportUrl: `${url}/files/report.html`,
    chance: chanceTexts(flakesOf(deps.settings.state, results)),
  }).trimEnd()
}

/** A warning that the target branch differs from upstream, where the repository is a mirror. */
async function driftWarning({ store, settings }: CommentTextDeps, { request }: RunRow): Promise<string> {
  const enrollment = await store.enrollmentOf(request.repository)
  if (!enrollment?.mirrorOf) return ''
  const seen = stateOfMirror(enrollment, await readMirrorStates(settings.state))
  const text = seen?.drift ? driftText(seen) : null
  return text === null ? '' : `\n\n⚠ ${markdownText(text)}.`
}

/** Missing where none was made, or it was pruned. */
function cardOf({ artifacts }: Results, url: string, dir: string) {
  const card = artifacts.find(({ kind }) => kind === 'card')
  return card?.path === CARD && existsSync(join(dir, CARD)) ? { url: `${url}/files/${CARD}`, pageUrl: url } : undefined
}

/** Empty where the file was pruned. */
function screenshot({ artifacts }: Results, url: string, dir: string): string {
  const last = artifacts
    .filter(({ kind, path }) => kind === 'screenshot' && /^artifacts\/[\w./-]+\.png$/.test(path))
    .at(-1)
  return last && existsSync(join(dir, last.path)) ? `**Screenshot**\n\n![screenshot](<${url}/files/${last.path}>)` : ''
}

/** The newest attribution of this run, or how to request one. */
async function why(deps: CommentTextDeps, row: RunRow, against: AgainstBase): Promise<string> {
  const attribution = await newestAttribution(deps.store, row)
  if (!attribution) return whyOffer(row, against).kind === 'offered' ? whyOfferText(urlOf(deps, row)) : ''
  const { dir } = runFolder(deps.settings.state, attribution.folder)
  return attributionComment(maskedRow(attribution, deps.masker), readRunAttribution(dir), urlOf(deps, attribution))
}

/** How the outcome differs from that of the base, or why that is unknown and what to do about it. */
function againstText(deps: CommentTextDeps, row: RunRow, against: AgainstBase): ReturnType<typeof againstBaseMarkdown> {
  const { branch } = against
  if (against.kind === 'none') {
    const why = against.why.slice(0, MOST_REASONS).map((one) => markdownText(cut(one, LONGEST_REASON)))
    const hint =
      against.missing === null ? '' : ` An operator can start one on [the page of this run](<${urlOf(deps, row)}>).`
    return { shown: `Not compared with ${markdownText(branch)}: ${why.join('; ')}.${hint}`, folded: '' }
  }
  const { base, comparison, before } = against
  const beforeUrl = before.page === null ? null : `${deps.settings.publicUrl}/runs/${before.page}`
  return againstBaseMarkdown({ branch, base, comparison, beforeUrl })
}

function headOf(deps: CommentTextDeps, row: RunRow): string {
  const { id, commit } = row.request
  return `Run [\`${id}\`](<${urlOf(deps, row)}>) of \`${commit.slice(0, 12)}\``
}

function urlOf({ settings }: CommentTextDeps, { request }: RunRow): string {
  return `${settings.publicUrl}/runs/${request.id}`
}

async function readResults(
  { settings: { state }, masker }: CommentTextDeps,
  folder: string,
): Promise<{ readonly results: Results | null; readonly problem: string | null }> {
  const file = runFolder(state, folder).results
  try {
    const { size } = await stat(file)
    if (size > MOST_BYTES) throw new Error(`results.json has ${size} bytes`)
    return { results: parseResults(JSON.parse(masker.mask(await readFile(file, 'utf8'))), file), problem: null }
  } catch (error) {
    return { results: null, problem: `its results cannot be read: ${messageOf(error)}` }
  }
}

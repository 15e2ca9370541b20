import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../lib/errors.ts'
import type { Masker } from '../../lib/mask.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { againstBaseMarkdown } from '../../report/against-base.ts'
import { markdownSummary, markdownText } from '../../report/markdown.ts'
import { cut } from '../../report/plain-text.ts'
import { parseResults, type Results } from '../../verdict/results.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { RunRow, Store } from '../contract/store.ts'
import type { AgainstBase, BaseMemory } from '../memory/against-base.ts'
import { readKeptAttribution } from '../memory/kept-attribution.ts'
import { whyOf, whyOffer } from '../memory/why.ts'
import { driftText, readMirrorStates, stateOfMirror } from '../mirrors/last-seen.ts'
import { chanceIn } from './chance.ts'
import { maskedRow } from './masked.ts'
import type { ProgressWatch } from './progress.ts'
import { whyOfferText, whyText } from './why.ts'
import { runningText, waitingText } from './words.ts'

const MOST_BYTES = 8 * 1024 ** 2
/** The forge takes more; nobody reads more. */
const MOST_TEXT = 60_000
const MOST_REASONS = 3
const LONGEST_REASON = 300

export interface CommentParts {
  readonly store: Store
  readonly settings: Pick<ServerSettings, 'state' | 'publicUrl'>
  /** What a run kept is masked before it is read: escaped or cut, a secret is no longer known as one. */
  readonly masker: Pick<Masker, 'mask'>
  readonly progress: Pick<ProgressWatch, 'told'>
  readonly memory: Pick<BaseMemory, 'against'>
}

/** What the newest run of a pull request says in our comment. */
export async function runText(parts: CommentParts, row: RunRow, now: number): Promise<string> {
  const text = `${await wholeText(parts, row, now)}${await drift(parts, row)}`
  if (text.length <= MOST_TEXT) return text
  return `${headOf(parts, row)}: **${row.outcome?.verdict ?? row.state}**. The report is too long for a comment.`
}

async function wholeText(parts: CommentParts, row: RunRow, now: number): Promise<string> {
  const { request, state, outcome } = row
  const url = urlOf(parts, row)
  const head = headOf(parts, row)
  if (state === 'queued') return `${head}: ${waitingText(await parts.store.place(request.id, now))}.`
  if (state === 'running') return `${head}: ${runningText(row, await parts.progress.told(row))}.`
  if (state !== 'done') return `${head}: **${state}**. ${markdownText(outcome?.message ?? '')}`
  const { results, problem } = await readResults(parts, row.folder)
  if (!results) return `${head}: **${outcome?.verdict ?? state}**. ${markdownText(problem ?? '')}`
  return [
    markdownSummary(results, {
      reportUrl: `${url}/files/report.html`,
      chance: chanceIn(parts.settings.state, results),
    }).trimEnd(),
    screenshot(results, url, runFolder(parts.settings.state, row.folder).dir),
    ...(await againstBase(parts, row)),
    head,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** That the target is not what upstream has, where the repository is a mirror. */
async function drift({ store, settings }: CommentParts, { request }: RunRow): Promise<string> {
  const enrolment = await store.enrollmentOf(request.repository)
  if (!enrolment?.mirrorOf) return ''
  const seen = stateOfMirror(enrolment, await readMirrorStates(settings.state))
  const text = seen?.drift ? driftText(seen) : null
  return text === null ? '' : `\n\n⚠ ${markdownText(text)}.`
}

/** None where it is there no longer. */
function screenshot({ artifacts }: Results, url: string, dir: string): string {
  const last = artifacts
    .filter(({ kind, path }) => kind === 'screenshot' && /^artifacts\/[\w./-]+\.png$/.test(path))
    .at(-1)
  return last && existsSync(join(dir, last.path))
    ? `<details><summary>Screenshot</summary>\n\n![screenshot](<${url}/files/${last.path}>)\n\n</details>`
    : ''
}

/** What the change does to the outcome of its base, or why that is not known and what mends it. */
async function againstBase(parts: CommentParts, row: RunRow): Promise<string[]> {
  const against = await parts.memory.against(row)
  return against === null ? [] : [againstText(parts, row, against), await why(parts, row, against)]
}

/** The newest attribution of this run, or that there may be one. */
async function why(parts: CommentParts, row: RunRow, against: AgainstBase): Promise<string> {
  const asked = await whyOf(parts.store, row)
  if (!asked) return whyOffer(row, against).kind === 'offered' ? whyOfferText(urlOf(parts, row)) : ''
  const { dir } = runFolder(parts.settings.state, asked.folder)
  return whyText(maskedRow(asked, parts.masker), readKeptAttribution(dir), urlOf(parts, asked))
}

function againstText(parts: CommentParts, row: RunRow, against: AgainstBase): string {
  const { branch } = against
  if (against.kind === 'none') {
    const why = against.why.slice(0, MOST_REASONS).map((one) => markdownText(cut(one, LONGEST_REASON)))
    const mend =
      against.missing === null ? '' : ` An operator can start one on [the page of this run](<${urlOf(parts, row)}>).`
    return `Not compared with ${markdownText(branch)}: ${why.join('; ')}.${mend}`
  }
  const { base, comparison, before } = against
  const beforeUrl = before.page === null ? null : `${parts.settings.publicUrl}/runs/${before.page}`
  return againstBaseMarkdown({ branch, base, comparison, beforeUrl })
}

function headOf(parts: CommentParts, row: RunRow): string {
  const { id, commit } = row.request
  return `Run [\`${id}\`](<${urlOf(parts, row)}>) of \`${commit.slice(0, 12)}\``
}

function urlOf({ settings }: CommentParts, { request }: RunRow): string {
  return `${settings.publicUrl}/runs/${request.id}`
}

async function readResults(
  { settings: { state }, masker }: CommentParts,
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

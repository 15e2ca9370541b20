import { CELL_IDS, cellName } from '../../history/attribution/contract.ts'
import type { AttributionRecord } from '../../history/attribution/record.ts'
import { VERDICTS } from '../../history/attribution/table.ts'
import { markdownText } from '../../report/markdown.ts'
import { cut } from '../../report/plain-text.ts'
import type { RunRow } from '../contract/store.ts'

const LONGEST_MESSAGE = 300
/** Lines about what has moved in the world. */
const MOST_MOVED = 5

/** What the comment says of an attribution of its run: how far it is, or its answer. `url`: of its page. */
export function whyText(row: RunRow, record: AttributionRecord | null, url: string): string {
  const { state, outcome, request } = row
  const by = request.pull?.author ? `, asked by ${markdownText(request.pull.author)}` : ''
  const link = `[\`${request.id}\`](<${url}>)`
  if (state === 'queued') return `**Why is it red?** ${link} waits${by}; runs that people wait for come first.`
  if (state === 'running')
    return `**Why is it red?** ${link} runs the base and this change by turns${by}. \`!cancel\` ends it.`
  if (state !== 'done' || !record?.decision)
    return `**Why is it red?** Not found out, ${link} ended so: ${markdownText(cut(outcome?.message ?? state, LONGEST_MESSAGE))}`
  return [answerText(record.decision, link), ...cellTexts(record), ...movedTexts(record.decision)].join('\n')
}

type Decision = NonNullable<AttributionRecord['decision']>

function answerText({ verdict, tier }: Decision, link: string): string {
  const words = verdict === 'recipe' ? 'The change of this pull request makes the difference.' : VERDICTS[verdict]
  return `**Why is it red? ${verdict}${tier === null ? '' : ` (${markdownText(tier)})`}.** ${words} (${link})\n`
}

/** What each end of the decisive tier ended with, and how often. */
function cellTexts({ decision, moved }: AttributionRecord): string[] {
  const told = decision?.tiers.find(({ tier }) => tier === decision.tier)
  if (!told) return []
  const ends = moved.length === 1 ? ({ OO: 'the base', NN: 'this change' } as const) : {}
  return CELL_IDS.flatMap((cell) => {
    const reading = told.cells[cell]
    if (!reading) return []
    const seen = reading.seen.map(({ key, times }) => `${key} ×${times}`).join(', ')
    const name = cell in ends ? ends[cell as keyof typeof ends] : cellName(cell)
    return [`- ${name}: ${seen === '' ? 'not judged' : markdownText(cut(seen, LONGEST_MESSAGE))}`]
  })
}

function movedTexts({ movedSince }: Decision): string[] {
  return movedSince
    .slice(0, MOST_MOVED)
    .map(
      ({ what, before, after }) =>
        `- moved since the base was green: ${markdownText(cut(`${what} ${before.slice(0, 19)} → ${after.slice(0, 19)}`, 160))}`,
    )
}

/** Where it can be asked. `url`: of the page of the run, where operators have a button for it. */
export function whyOfferText(url: string): string {
  return `The base was green. Was it this change, cc-ci's world, or chance? Comment \`!testme --why\` (or [one click](<${url}>) for operators): both are run by turns until it is sure.`
}

import { CELL_IDS, cellName } from '../../history/attribution/contract.ts'
import type { AttributionRecord } from '../../history/attribution/record.ts'
import { VERDICTS } from '../../history/attribution/table.ts'
import { markdownText } from '../../report/run/markdown.ts'
import { cut } from '../../report/text/plain-text.ts'
import type { RunRow } from '../contract/store.ts'

const LONGEST_MESSAGE = 300
/** Lines about what else has changed since the base was green. */
const MOST_MOVED = 5

/** The part of the comment about an attribution of its run: its state or its result. `url`: of its page. */
export function attributionComment(row: RunRow, record: AttributionRecord | null, url: string): string {
  const { state, outcome, request } = row
  const by = request.pull?.author ? `, requested by ${markdownText(request.pull.author)}` : ''
  const link = `[\`${request.id}\`](<${url}>)`
  if (state === 'queued') return `**Why is it red?** ${link} is queued${by}; runs of pull requests come first.`
  if (state === 'running')
    return `**Why is it red?** ${link} is running the base and this change alternately${by}. \`!cancel\` cancels it.`
  if (state !== 'done' || !record?.decision)
    return `**Why is it red?** No result: ${link} ended with ${markdownText(cut(outcome?.message ?? state, LONGEST_MESSAGE))}`
  return [answerText(record.decision, link), ...cellTexts(record), ...movedTexts(record.decision)].join('\n')
}

type Decision = NonNullable<AttributionRecord['decision']>

function answerText({ verdict, tier }: Decision, link: string): string {
  const words = verdict === 'recipe' ? 'The change of this pull request makes the difference.' : VERDICTS[verdict]
  return `**Why is it red? ${verdict}${tier === null ? '' : ` (${markdownText(tier)})`}.** ${words} (${link})\n`
}

/** How the decisive tier ended on each side, and how often. */
function cellTexts({ decision, moved }: AttributionRecord): string[] {
  const decisive = decision?.tiers.find(({ tier }) => tier === decision.tier)
  if (!decisive) return []
  const ends = moved.length === 1 ? ({ OO: 'the base', NN: 'this change' } as const) : {}
  return CELL_IDS.flatMap((cell) => {
    const reading = decisive.cells[cell]
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
        `- changed since the base was green: ${markdownText(cut(`${what} ${before.slice(0, 19)} → ${after.slice(0, 19)}`, 160))}`,
    )
}

/** How to request an attribution. `url`: of the page of the run, where operators have a button for it. */
export function whyOfferText(url: string): string {
  return `The base was green. Is it this change, its environment, or chance? Comment \`!testme --why\` (operators: [one click](<${url}>)) and cc-ci runs both alternately until it knows.`
}

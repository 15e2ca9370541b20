import { type Dimension, differencesOf } from '../compare/dimensions.ts'
import { wordOf } from '../compare/messages.ts'
import type { RunSummary } from '../run-summary.ts'
import { evidenceOf, type Line, type TierOutcome } from './lines.ts'
import type { WeeklyChange } from './report.ts'
import type { Week } from './week.ts'

/** These words are news; each belongs to one of the two lists. */
const NEWS: Readonly<Partial<Record<ReturnType<typeof wordOf>, 'regressed' | 'fixed'>>> = {
  regression: 'regressed',
  'new failure': 'regressed',
  'other failure': 'regressed',
  fixed: 'fixed',
}

/**
 * Tiers whose newest judgement of the week is another than the newest one before the week. What went wrong and was put right within the week is neither. Lines come in
 * the order of their first run, so they are sorted by recipe, track and tier.
 */
export function changesIn(
  lines: readonly Line[],
  week: Week,
): { readonly regressed: readonly WeeklyChange[]; readonly fixed: readonly WeeklyChange[] } {
  const changes = lines.flatMap((line) => changeOf(line, week)).sort(inOrder)
  const listed = (list: 'regressed' | 'fixed') => changes.filter(({ word }) => NEWS[word] === list)
  return { regressed: listed('regressed'), fixed: listed('fixed') }
}

function changeOf({ recipe, track, judged }: Line, { from }: Week): WeeklyChange[] {
  const after = judged.at(-1)
  if (!after || after.at < from) return []
  const before = judged.findLast(({ at }) => at < from)
  const word = before ? wordOf(before.tier, after.tier) : after.tier.status === 'fail' ? 'new failure' : 'new pass'
  if (!isNews(word)) return []
  return [
    {
      ...{ recipe, track, tier: after.tier.id, word },
      before: before ? { ...evidenceOf(before.run), cause: changeCause(before) } : null,
      after: { ...evidenceOf(after.run), cause: changeCause(after), blame: after.tier.cause?.blame ?? null },
      alsoMoved: before ? movedBesides(before.run, after.run) : [],
    },
  ]
}

function isNews(word: ReturnType<typeof wordOf>): word is WeeklyChange['word'] {
  return NEWS[word] !== undefined
}

export function changeCause({ tier }: TierOutcome): string | null {
  const { cause } = tier
  return cause ? `${cause.code}${cause.service ? ` (${cause.service})` : ''}` : null
}

/** The commit is in the line itself, and another one usually has another base. */
function movedBesides(before: RunSummary, after: RunSummary): Dimension[] {
  const moved = differencesOf(before, after).map(({ dimension }) => dimension)
  return [...new Set(moved)].filter((dimension) => dimension !== 'recipe').sort()
}

function inOrder(a: WeeklyChange, b: WeeklyChange): number {
  const [left, right] = [a, b].map(({ recipe, track, tier }) => `${recipe}\0${track}\0${tier}`)
  return (left ?? '') < (right ?? '') ? -1 : 1
}

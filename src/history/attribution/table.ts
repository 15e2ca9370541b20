/** What a change of result comes from. */
export const VERDICTS = {
  recipe: 'The change of the recipe makes the difference, whichever build of cc-ci judges it.',
  harness: 'The change of cc-ci makes the difference, whichever commit of the recipe it judges.',
  both: 'Either change makes a difference by itself.',
  interaction: 'Neither change makes the difference by itself, only the two together.',
  drift:
    'Nothing differs between the cells now, but what was recorded of the old ones was otherwise, and the world has moved since.',
  flake: 'A cell ends now this way and now that: chance makes the difference.',
  unchanged: 'Nothing differs between the cells.',
  inconclusive: 'What was seen does not decide it.',
} as const

export type AttributionVerdict = keyof typeof VERDICTS

/** What the four cells, and what was recorded, are to each other. */
export interface Situation {
  /** What may be read of the old tool on the old ref. */
  readonly OO: 'stable' | 'flaky' | Missing
  /** `before`: it ends as OO; `after`: as NN, where that differs from OO; `other`: as neither. */
  readonly NO: 'before' | 'after' | 'other' | 'flaky' | Missing
  readonly ON: 'before' | 'after' | 'other' | 'flaky' | Missing
  /** `after`: it does not end as OO, or that is not known. */
  readonly NN: 'before' | 'after' | 'flaky' | Missing
  /** How the recorded old result stands to OO. `unexplained`: it is another one, and nothing that was recorded of the world has moved. */
  readonly recorded: 'none' | 'same' | 'moved' | 'unexplained'
  /**
   * From OO to NN. `broke`: a pass became none. `own`: one of the two is an end that cc-ci blames on itself, which says nothing about a recipe.
   * `altered`: all else; `none` where they do not differ or are not known.
   */
  readonly change: 'none' | 'broke' | 'altered' | 'own'
}

/** Of a cell that decides nothing: too few draws, no judgement, or none at all. */
type Missing = 'few' | 'infra' | 'not-run'

export interface AttributionRow {
  readonly id: string
  /** What each part of the situation may be; a part that is not named may be anything. */
  readonly when: { readonly [K in keyof Situation]?: readonly Situation[K][] }
  readonly verdict: AttributionVerdict
  /** Why, in a sentence that follows "because". */
  readonly because: string
}

const UNKNOWN = ['infra', 'not-run'] as const
const JUDGED = ['before', 'after', 'other'] as const
const END = ['before', 'after'] as const
const NOT_FLAKY = [...JUDGED, 'few', ...UNKNOWN] as const
const MISSING = ['few', ...UNKNOWN] as const

/** A cell that decides by what it is: all four are decisive, and the ends differ. */
const DIFFER = { OO: ['stable'], NN: ['after'] } as const
const RECIPE_MAY_BE_JUDGED = ['broke', 'altered'] as const

/** THE rule of attribution: of every situation exactly one row holds. */
export const ROWS: readonly AttributionRow[] = [
  row('old-unknown', { OO: UNKNOWN }, 'inconclusive', 'the old tool gave no judgement of the old ref'),
  row(
    'new-unknown',
    { OO: ['stable', 'flaky', 'few'], NN: UNKNOWN },
    'inconclusive',
    'the new tool gave no judgement of the new ref',
  ),
  row(
    'flaky-old',
    { OO: ['flaky'], NN: [...END, 'flaky', 'few'] },
    'flake',
    'the old tool on the old ref is not steady',
  ),
  row('flaky-new', { OO: ['stable', 'few'], NN: ['flaky'] }, 'flake', 'the new tool on the new ref is not steady'),
  row(
    'flaky-new-tool',
    { OO: ['stable', 'few'], NO: ['flaky'], NN: [...END, 'few'] },
    'flake',
    'the new tool on the old ref is not steady',
  ),
  row(
    'flaky-new-ref',
    { OO: ['stable', 'few'], NO: NOT_FLAKY, ON: ['flaky'], NN: [...END, 'few'] },
    'flake',
    'the old tool on the new ref is not steady',
  ),
  row(
    'few-old',
    { OO: ['few'], NO: NOT_FLAKY, ON: NOT_FLAKY, NN: [...END, 'few'] },
    'inconclusive',
    'the old tool on the old ref was judged too seldom',
  ),
  row(
    'few-new',
    { OO: ['stable'], NO: NOT_FLAKY, ON: NOT_FLAKY, NN: ['few'] },
    'inconclusive',
    'the new tool on the new ref was judged too seldom',
  ),
  row(
    'new-tool-missing',
    { OO: ['stable'], NO: MISSING, ON: NOT_FLAKY, NN: END },
    'inconclusive',
    'the new tool gave too few judgements of the old ref, so that nobody can tell what it does by itself',
  ),
  row(
    'new-ref-missing',
    { OO: ['stable'], NO: JUDGED, ON: MISSING, NN: END },
    'inconclusive',
    'the old tool gave too few judgements of the new ref, so that nobody can tell what the ref does by itself',
  ),
  row(
    'all-equal',
    { OO: ['stable'], NO: ['before'], ON: ['before'], NN: ['before'], recorded: ['none', 'same'] },
    'unchanged',
    'all cells end alike, and nothing that was recorded says otherwise',
  ),
  row(
    'all-equal-world-moved',
    { OO: ['stable'], NO: ['before'], ON: ['before'], NN: ['before'], recorded: ['moved'] },
    'drift',
    'all cells end alike now; the old tool once ended otherwise on the old ref, in other conditions',
  ),
  row(
    'all-equal-unexplained',
    { OO: ['stable'], NO: ['before'], ON: ['before'], NN: ['before'], recorded: ['unexplained'] },
    'inconclusive',
    'all cells end alike now; the old tool once ended otherwise on the old ref, and nothing that was recorded of the world has moved: it was chance, or moved unseen',
  ),
  row(
    'undone-by-each-other',
    { OO: ['stable'], NO: ['after', 'other'], ON: JUDGED, NN: ['before'] },
    'interaction',
    'the new tool alone makes a difference on the old ref, and together with the new ref none',
  ),
  row(
    'undone-by-the-tool',
    { OO: ['stable'], NO: ['before'], ON: ['after', 'other'], NN: ['before'] },
    'interaction',
    'the new ref alone makes a difference with the old tool, and together with the new tool none',
  ),
  row(
    'follows-ref',
    { ...DIFFER, NO: ['before'], ON: ['after'], change: ['none', ...RECIPE_MAY_BE_JUDGED] },
    'recipe',
    'both tools end alike on each ref, and the refs differ',
  ),
  row(
    'tool-breaks-on-ref',
    { ...DIFFER, NO: ['before'], ON: ['after'], change: ['own'] },
    'inconclusive',
    'the result follows the ref, but it is cc-ci itself that breaks there, in both builds: report it',
  ),
  row(
    'follows-tool',
    { ...DIFFER, NO: ['after'], ON: ['before'] },
    'harness',
    'both refs end alike with each tool, and the tools differ',
  ),
  row(
    'either-alone',
    { ...DIFFER, NO: ['after'], ON: ['after'], change: ['none', ...RECIPE_MAY_BE_JUDGED] },
    'both',
    'each change alone leads to the new result',
  ),
  row(
    'either-alone-own',
    { ...DIFFER, NO: ['after'], ON: ['after'], change: ['own'] },
    'inconclusive',
    'each change alone leads to an end that cc-ci blames on itself, which says nothing about the recipe: report it',
  ),
  row(
    'only-together',
    { ...DIFFER, NO: ['before'], ON: ['before'] },
    'interaction',
    'neither change alone leads to the new result',
  ),
  row(
    'tool-hidden-by-ref',
    { ...DIFFER, NO: ['other'], ON: ['after'], change: ['broke'] },
    'both',
    'the new ref alone leads to the new result, and the new tool alone to another failure',
  ),
  row(
    'ref-hidden-by-tool',
    { ...DIFFER, NO: ['after'], ON: ['other'], change: ['broke'] },
    'both',
    'the new tool alone leads to the new result, and the new ref alone to another failure',
  ),
  row(
    'other-beside-match',
    { ...DIFFER, NO: ['other'], ON: ['after'], change: ['none', 'altered', 'own'] },
    'inconclusive',
    'the new tool on the old ref ends in a third way',
  ),
  row(
    'match-beside-other',
    { ...DIFFER, NO: ['after'], ON: ['other'], change: ['none', 'altered', 'own'] },
    'inconclusive',
    'the old tool on the new ref ends in a third way',
  ),
  row(
    'other-failure-of-tool',
    { ...DIFFER, NO: ['other'], ON: ['before', 'other'] },
    'inconclusive',
    'the new tool on the old ref ends in a third way, which is no match for the new result',
  ),
  row(
    'other-failure-of-ref',
    { ...DIFFER, NO: ['before'], ON: ['other'] },
    'inconclusive',
    'the old tool on the new ref ends in a third way, which is no match for the new result',
  ),
]

function row(id: string, when: AttributionRow['when'], verdict: AttributionVerdict, because: string): AttributionRow {
  return { id, when, verdict, because }
}

/** Whether a row speaks of this situation. */
export function holds({ when }: AttributionRow, situation: Situation): boolean {
  return (Object.keys(when) as (keyof Situation)[]).every((part) => {
    const allowed: readonly string[] | undefined = when[part]
    return allowed === undefined || allowed.includes(situation[part])
  })
}

import type { BaseCommit } from '../../history/against-base.ts'
import type { Comparison } from '../../history/compare/comparison.ts'
import { markdownText } from '../run/markdown.ts'
import { changedTiers, endText } from './comparison.ts'
import { comparisonFacts, type Fact, isUnchanged } from './comparison-facts.ts'

/** What a change does to the outcome of its base, and where the run of the base is to be read. */
export interface BaseComparisonText {
  /** The target branch: data, as every name. */
  readonly branch: string
  readonly base: BaseCommit
  readonly comparison: Comparison
  /** Address of the page of the base's run; null where it has none. */
  readonly beforeUrl: string | null
}

export const RESULT_WORDS: Readonly<Record<Comparison['result'], string>> = {
  worse: '✗ worse',
  unknown: '? not known: not all that passed there was judged here, or it passed by a second attempt',
  better: '✓ better',
  same: '✓ no tier is worse',
}

/** Kinds of facts that a reviewer has to see before a merge; the others say how it is, and may be folded. */
const SHOWN_FACTS: readonly string[] = ['tests', 'asked of the operator']

/** The first section of the comment on a pull request, and what of it may be folded; bounded whatever the recipe is like. `folded` may be empty. */
export function againstBaseMarkdown({ branch, base, comparison, beforeUrl }: BaseComparisonText): {
  readonly shown: string
  readonly folded: string
} {
  const { before, after, result } = comparison
  const at = `\`${base.commit.slice(0, 12)}\``
  const link = beforeUrl === null ? '' : ` ([run](<${beforeUrl}>))`
  const where = `${markdownText(branch)} at ${at}${link}${base.is === 'tip' ? ', its tip, which may have what this change has not' : ''}`
  if (isUnchanged(comparison))
    return {
      shown: `**What this change changes:** nothing against ${where}: level ${after.level}, every tier ends as there.`,
      folded: '',
    }
  const level = before.level === after.level ? `level ${after.level}` : `level ${before.level} → ${after.level}`
  const facts = comparisonFacts(comparison)
  const isShown = ({ title }: Fact) => SHOWN_FACTS.includes(title)
  const head = `**What this change changes** against ${where}: ${RESULT_WORDS[result]}, ${level}`
  const parts = [head, tierTable(comparison), factList(facts.filter(isShown))]
  return {
    shown: parts.filter((part) => part !== '').join('\n\n'),
    folded: foldedFacts(facts.filter((one) => !isShown(one))),
  }
}

/** A row for each tier that ends in another way; not for those that another one blocks, which say so themselves. */
function tierTable(comparison: Comparison): string {
  const rows = changedTiers(comparison)
    .filter(({ after }) => after.cause?.code !== 'blocked')
    .map(
      ({ id, word, before, after }) =>
        `| ${id} | **${word}** | ${markdownText(endText(before))} | ${markdownText(endText(after))} |`,
    )
  return rows.length === 0 ? '' : ['| tier | | there | here |', '|---|---|---|---|', ...rows].join('\n')
}

function foldedFacts(facts: readonly Fact[]): string {
  return facts.length === 0 ? '' : `**Against the base**\n\n${factList(facts)}`
}

function factList(facts: readonly Fact[]): string {
  return facts
    .map(
      ({ title, items, more }) =>
        `- ${title}: ${items.map(markdownText).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    )
    .join('\n')
}

import type { BaseCommit } from '../../history/against-base.ts'
import type { Comparison } from '../../history/compare/comparison.ts'
import { markdownText } from '../run/markdown.ts'
import { changedTiers, endText } from './comparison.ts'
import { comparisonFacts, isUnchanged } from './comparison-facts.ts'

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

/** A section of the comment on a pull request: one line where nothing changed; bounded whatever the recipe is like. */
export function againstBaseMarkdown({ branch, base, comparison, beforeUrl }: BaseComparisonText): string {
  const { before, after, result } = comparison
  const at = `\`${base.commit.slice(0, 12)}\``
  const link = beforeUrl === null ? '' : ` ([run](<${beforeUrl}>))`
  const where = `${markdownText(branch)} at ${at}${link}${base.is === 'tip' ? ', its tip, which may have what this change has not' : ''}`
  if (isUnchanged(comparison))
    return `**What this change changes:** nothing against ${where}: level ${after.level}, every tier ends as there.`
  const level = before.level === after.level ? `level ${after.level}` : `level ${before.level} → ${after.level}`
  const tiers = changedTiers(comparison).map(
    ({ id, word, before: from, after: to }) =>
      `| ${id} | **${word}** | ${markdownText(endText(from))} | ${markdownText(endText(to))} |`,
  )
  const table = tiers.length === 0 ? [] : ['', '| tier | | there | here |', '|---|---|---|---|', ...tiers]
  const facts = comparisonFacts(comparison).map(
    ({ title, items, more }) =>
      `- ${title}: ${items.map(markdownText).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
  )
  const list = facts.length === 0 ? [] : ['', ...facts]
  return [`**What this change changes** against ${where}: ${RESULT_WORDS[result]}, ${level}`, ...table, ...list].join(
    '\n',
  )
}

import type { Comparison, NameChange } from '../../history/compare/comparison.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { formatSize } from '../../lib/text/size.ts'
import { cut, oneLine } from '../text/plain-text.ts'
import { changedTiers, notable } from './comparison.ts'

/** What beside the tiers is another, of one kind. All of it is text of recipes: whoever shows it escapes it. */
export interface Fact {
  readonly title: string
  /** At most `MOST`, each on one line. */
  readonly items: readonly string[]
  /** How many there are beside these. */
  readonly more: number
}

/** Of each kind; the run's own pages and `cc-ci runs --diff` have the rest. */
const MOST = 8
const WIDTH = 120
const APPEARED = { appeared: 'new', disappeared: 'gone' } as const

/** What a page or a comment says of a comparison beside its tiers; kinds in which nothing is another are left out. */
export function comparisonFacts(comparison: Comparison): readonly Fact[] {
  const { tests, contract, findings, times, imageSizes, memory, newWarnings } = comparison
  return [
    fact(
      'tests',
      tests.map(({ word, file, title }) => `${word}: ${file}: ${title}`),
    ),
    fact('asked of the operator', (contract ?? []).map(changeText)),
    fact(
      'findings',
      findings.map(({ word, kind, message }) => `${APPEARED[word]}: ${kind}: ${message}`),
    ),
    fact('times', notable(times, formatDuration)),
    fact('image sizes', notable(imageSizes, formatSize)),
    fact('memory', notable(memory, formatSize)),
    fact('new kinds of warnings in the logs', warningTexts(newWarnings)),
    fact('pictures', pictureTexts(comparison)),
  ].filter(({ items }) => items.length > 0)
}

/** True where nothing is worth a table. */
export function isUnchanged(comparison: Comparison): boolean {
  const { before, after } = comparison
  return (
    before.level === after.level && changedTiers(comparison).length === 0 && comparisonFacts(comparison).length === 0
  )
}

function fact(title: string, all: readonly string[]): Fact {
  const items = all.slice(0, MOST).map((item) => cut(oneLine(item), WIDTH))
  return { title, items, more: all.length - items.length }
}

function changeText({ word, kind, name }: NameChange): string {
  if (kind === 'must be set') return `${name} ${word === 'appeared' ? 'must be set' : 'need not be set'}`
  return `${APPEARED[word]} ${kind} ${name}`
}

/** How many, by service: their words may be anything, and stand in the logs. */
function warningTexts(warnings: Comparison['newWarnings']): string[] {
  const services = Map.groupBy(warnings ?? [], ({ service }) => service)
  return [...services].map(([service, lines]) => `${service}: ${lines.length}`)
}

function pictureTexts({ screenshots }: Comparison): string[] {
  const others = screenshots.filter(({ same }) => !same).map(({ path }) => `${path} is another`)
  const same = screenshots.length - others.length
  return others.length > 0 && same > 0 ? [...others, `${same} as before`] : others
}

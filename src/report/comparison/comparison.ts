import { differenceText } from '../../history/compare/comparable.ts'
import type { Amount, Comparison, NameChange, TierChange } from '../../history/compare/comparison.ts'
import { DIMENSIONS } from '../../history/compare/dimensions.ts'
import { MEANINGS, type Word } from '../../history/compare/messages.ts'
import type { RunSummary } from '../../history/run-summary.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { formatSize } from '../../lib/text/size.ts'
import { type Ink, inkFor } from '../text/colors.ts'
import { cut, oneLine } from '../text/plain-text.ts'

const STYLES: Partial<Record<Word, Parameters<Ink>[0]>> = {
  regression: 'red',
  'new failure': 'red',
  'other failure': 'red',
  'still failing': 'red',
  fixed: 'green',
  'new pass': 'green',
  unstable: 'yellow',
  unknown: 'yellow',
}
/** Lines of one list that a terminal shows; `--json` has all. */
const MOST = 15

/** What `cc-ci runs --diff` prints. */
export function comparisonText(comparison: Comparison, { color = false }: { readonly color?: boolean } = {}): string {
  const ink = inkFor(color)
  const { before, after } = comparison
  const changed = changedTiers(comparison)
  const lines = [
    `${ink('bold', HEADLINES[comparison.result])}  level ${before.level} -> ${after.level}`,
    `  before  ${sideText(before)}`,
    `  after   ${sideText(after)}`,
    `  about   ${aboutText(comparison)}`,
    ...comparison.differences
      .filter(({ dimension }) => dimension !== 'recipe')
      .map((one) => `          ${differenceText(one)}`),
    ...section('tiers', changed.length === 0 ? ['all end as before'] : changed.map((tier) => tierText(tier, ink))),
    ...section(
      'tests',
      comparison.tests.map(({ word, file, title }) => `${painted(word, ink)} ${file}: ${title}`),
    ),
    ...section('asked of the operator', (comparison.contract ?? []).map(changeText)),
    ...section(
      'findings',
      comparison.findings.map(
        ({ word, kind, name, message }) =>
          `${word.padEnd(11)} ${kind} ${name === '' ? '' : `${name} `}${cut(oneLine(message), 160)}`,
      ),
    ),
    ...section(
      'images',
      comparison.images.map(
        ({ service, before: from, after: to }) => `${service}: ${from ?? 'none'} -> ${to ?? 'none'}`,
      ),
    ),
    ...section('times', notable(comparison.times, formatDuration)),
    ...section('image sizes', notable(comparison.imageSizes, formatSize)),
    ...section('memory', notable(comparison.memory, formatSize)),
    ...section(
      'new warnings in logs',
      comparison.newWarnings === null
        ? ['not compared: the logs of one run are not kept']
        : comparison.newWarnings.map(
            ({ service, line, times }) =>
              `${service}: ${cut(oneLine(line), 160)}${times > 1 ? ` (${times} times)` : ''}`,
          ),
    ),
    ...section(
      'screenshots',
      comparison.screenshots.filter(({ same }) => !same).map(({ path }) => `${path} is another`),
    ),
    ...section('', meanings(changed)),
  ]
  return `${lines.join('\n')}\n`
}

/** Tiers that do not end as before. */
export function changedTiers({ tiers }: Pick<Comparison, 'tiers'>): readonly TierChange[] {
  return tiers.filter((tier) => tier.word !== 'same' && !isLeftOutInBoth(tier))
}

function isLeftOutInBoth({ before, after }: TierChange): boolean {
  return before.status === 'not-judged' && after.status === 'not-judged'
}

const HEADLINES: Readonly<Record<Comparison['result'], string>> = {
  worse: '✗ WORSE',
  unknown: '? UNKNOWN: not all that passed before was judged, or it passed by a second attempt',
  better: '✓ BETTER',
  same: '✓ NO REGRESSION',
}

function sideText({ id, verdict, recipe, startedAt }: RunSummary): string {
  const version = recipe.version === null ? '' : ` ${recipe.version}`
  return `${id}  ${startedAt.slice(0, 16).replace('T', ' ')}  ${recipe.name}${version} at ${recipe.commit.slice(0, 10)}${recipe.dirty ? ' and changes' : ''}  ${verdict}`
}

function aboutText({ about, differences, before, after }: Comparison): string {
  if (about === null) return 'nothing differs between the two: chance explains what follows'
  const others = [...new Set(differences.map(({ dimension }) => dimension))].filter((one) => one !== about)
  const also = others.length === 0 ? '' : `; allowed to differ too: ${others.map((one) => DIMENSIONS[one]).join(', ')}`
  const commits =
    about === 'recipe' ? ` (${before.recipe.commit.slice(0, 10)} -> ${after.recipe.commit.slice(0, 10)})` : ''
  return `${DIMENSIONS[about]}${commits}${also}`
}

function tierText({ id, word, before, after }: TierChange, ink: Ink): string {
  return `${painted(word, ink)} ${id.padEnd(11)} ${endText(before)} -> ${endText(after)}`
}

/** `fail crash-loop (app)`. */
export function endText({ status, cause, flaky }: TierChange['before']): string {
  const why = cause ? ` ${cause.code}${cause.service ? ` (${cause.service})` : ''}` : ''
  return `${status === 'not-judged' ? 'not judged' : status}${why}${flaky ? `, ${flaky} at first` : ''}`
}

function painted(word: Word, ink: Ink): string {
  const text = word.padEnd(13)
  const style = STYLES[word]
  return style ? ink(style, text) : text
}

function changeText({ word, kind, name }: NameChange): string {
  return `${word.padEnd(11)} ${kind} ${name}`
}

export function notable(amounts: readonly Amount[], format: (amount: number) => string): string[] {
  return amounts
    .filter((one) => one.notable)
    .map(({ name, before, after }) => `${name}: ${format(before ?? 0)} -> ${format(after ?? 0)}`)
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const more = lines.length > MOST ? [`… and ${lines.length - MOST} more (--json has all)`] : []
  return [
    '',
    ...(title === '' ? [] : [`  ${title}`]),
    ...[...lines.slice(0, MOST), ...more].map((line) => `    ${line}`),
  ]
}

function meanings(changed: readonly TierChange[]): string[] {
  const words = [...new Set(changed.map(({ word }) => word))]
  return words.map((word) => `${word}: ${MEANINGS[word]}`)
}

import type { Dimension } from '../../history/compare/dimensions.ts'
import type { RunReference, WeeklyChange, WeeklyReport } from '../../history/weekly/report.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { percent } from '../flakes/flake-memory.ts'

/** What stands in a cell, for a renderer to draw: text, or text with a meaning. */
export type DocumentPiece =
  | string
  /** The run that says so. */
  | { readonly kind: 'run'; readonly run: string; readonly text: string }
  | { readonly kind: 'badge'; readonly tone: 'pass' | 'fail' | 'unverified' | 'skip'; readonly text: string }
  | { readonly kind: 'code' | 'dim' | 'strong'; readonly text: string }
  | { readonly kind: 'break' }

export type Cell = readonly DocumentPiece[]

export interface Section {
  /** For an address within the page. */
  readonly id: string
  readonly title: string
  /** What the rows are, and by which rule. */
  readonly lead: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** In place of a table: everything in one paragraph. */
  readonly inline?: readonly Cell[]
}

export interface WeeklyDocument {
  readonly title: string
  readonly subtitle: string
  readonly totals: WeeklyReport['totals']
  /** With rows, in the order in which somebody should read them. */
  readonly sections: readonly Section[]
  /** Of what there is nothing: `regressed`, .... */
  readonly nothing: readonly string[]
}

/** The report as sections, the same for every form of it. */
export function weeklyDocument(report: WeeklyReport): WeeklyDocument {
  const { week, totals, routine } = report
  const all: (Section & { readonly none: string })[] = [
    { ...changes('regressed', 'Regressed', REGRESSED, report.regressed), none: 'regressed' },
    { ...attention(report), none: 'needs attention' },
    { ...oldest(report), none: 'is red' },
    { ...unreleased(report), none: 'is fixed but not released' },
    { ...changes('fixed', 'Fixed', FIXED, report.fixed), none: 'was fixed' },
    { ...moved(report), none: 'moved among the images' },
    { ...flakes(report), none: 'was flaky' },
    { ...untested(report), none: 'ran without custom tests' },
    { ...damaged(report), none: 'was unreadable' },
    { ...routineSection(routine), none: 'was simply green' },
  ]
  const isThere = ({ rows, inline = [] }: Section) => rows.length + inline.length > 0
  return {
    title: `Week ${week.id}`,
    subtitle: `${week.from.slice(0, 10)} to ${new Date(Date.parse(week.to) - 1).toISOString().slice(0, 10)} (UTC)`,
    totals,
    sections: all.filter(isThere).map(({ none: _none, ...section }) => section),
    nothing: all.filter((section) => !isThere(section)).map(({ none }) => none),
  }
}

const REGRESSED =
  'Red in the newest run of the week that judged it, and not so before the week. Where more than the recipe moved, it may not be the recipe: `cc-ci ab` tells.'
const FIXED = 'Green in the newest run of the week that judged it, and red before the week.'

function changes(id: string, title: string, lead: string, list: readonly WeeklyChange[]): Section {
  return {
    ...{ id, title, lead, columns: ['recipe', 'tier', 'what', 'now', 'before', 'moved besides the recipe'] },
    rows: list.map(({ recipe, tier, word, after, before, alsoMoved }) => [
      [strong(recipe), BREAK, dim(stateOf(after))],
      [tier],
      [
        { kind: 'badge', tone: word === 'fixed' ? 'pass' : 'fail', text: word },
        ...(after.cause === null ? [] : [BREAK, code(after.cause), dim(` blame: ${after.blame}`)]),
        ...(word === 'fixed' && before?.cause ? [BREAK, dim('was '), code(before.cause)] : []),
      ],
      [runOf(after)],
      before ? [runOf(before), BREAK, dim(stateOf(before))] : [dim('not judged before')],
      [alsoMoved.length === 0 ? dim('nothing') : alsoMoved.map((dimension) => MOVED[dimension]).join(', ')],
    ]),
  }
}

const MOVED: Readonly<Record<Dimension, string>> = {
  recipe: 'the recipe',
  base: 'the base',
  settings: "the operator's settings",
  tool: 'cc-ci',
  environment: 'the environment',
}

function attention({ attention: list }: WeeklyReport): Section {
  return {
    ...{ id: 'attention', title: 'Needs attention', columns: ['recipe', 'why'] },
    lead: 'Whatever was not simply green this week, each reason with the newest run that says so.',
    rows: list.map(({ recipe, reasons }) => [
      [strong(recipe)],
      reasons.flatMap(({ text, run }, at): DocumentPiece[] => [...(at > 0 ? [BREAK] : []), `${text} `, runOf(run)]),
    ]),
  }
}

function oldest({ oldestRed }: WeeklyReport): Section {
  return {
    ...{ id: 'oldest-red', title: 'Oldest red', columns: ['recipe', 'tier', 'cause', 'red since', 'runs', 'newest'] },
    lead: 'Red in the newest run that judged it; since the first run after the last pass.',
    rows: oldestRed.map(({ recipe, tier, cause, blame, since, newest, runs }) => [
      [strong(recipe), BREAK, dim(stateOf(newest))],
      [tier],
      cause === null ? [] : [code(cause), dim(` blame: ${blame}`)],
      [since.at.slice(0, 10), BREAK, runOf(since)],
      [String(runs)],
      [runOf(newest)],
    ]),
  }
}

function unreleased({ unreleased: list }: WeeklyReport): Section {
  return {
    ...{ id: 'unreleased', title: 'Fixed but not released', columns: ['recipe', 'newest release is red', 'green'] },
    lead: 'The newest release fails, and a later commit, which has no tag, is green: a release would repair what operators have.',
    rows: list.map(({ recipe, release, green }) => [
      [strong(recipe)],
      [
        `${stateOf(release)}: ${release.tier} `,
        ...(release.cause === null ? [] : [code(release.cause)]),
        BREAK,
        runOf(release),
      ],
      [stateOf(green), BREAK, runOf(green)],
    ]),
  }
}

function moved({ moved: list }: WeeklyReport): Section {
  return {
    ...{ id: 'images', title: 'Images that moved', columns: ['reference', 'was', 'is', 'used by'] },
    lead: 'Another image under the same name: upstream published it again. Canonicals that were made with the old one are stale.',
    rows: list.map(({ ref, before, after, recipes }) => [
      [code(ref)],
      [code(shortId(before.id)), BREAK, runOf(before.run)],
      [code(shortId(after.id)), BREAK, runOf(after.run)],
      [recipes.join(', ')],
    ]),
  }
}

function flakes({ flakes: list }: WeeklyReport): Section {
  return {
    ...{ id: 'flakes', title: 'Flake top ten', columns: ['recipe', 'what', 'rate', 'flaky since', 'takes', 'newest'] },
    lead: 'Passed on a second attempt only, in the 28 days before the end of the week.',
    rows: list.map(({ recipe, tier, test, runs, flaky, rate, since, took, newest }) => [
      [strong(recipe)],
      test ? [tier, BREAK, `"${test.title}"`, BREAK, code(test.file)] : [tier],
      [`${percent(rate)} `, dim(`${flaky} of ${runs}`)],
      since ? [since.at.slice(0, 10), BREAK, { kind: 'run', run: since.run, text: since.run }] : [dim('no longer')],
      took ? [`p50 ${formatDuration(took.p50Ms)}`, BREAK, `p95 ${formatDuration(took.p95Ms)}`] : [],
      newest === null ? [] : [{ kind: 'run', run: newest, text: newest }],
    ]),
  }
}

function untested({ untested: list }: WeeklyReport): Section {
  return {
    ...{ id: 'untested', title: 'Without custom tests', columns: [], rows: [] },
    lead: 'Nobody says what these apps are for: `cc-ci init` writes a first test.',
    inline: list.map(({ recipe, run }) => [strong(recipe), ' ', runOf(run)]),
  }
}

function damaged({ damaged: list }: WeeklyReport): Section {
  return {
    ...{ id: 'damaged', title: 'Unreadable', columns: ['run', 'why'] },
    lead: 'Runs of the week whose results cannot be read; they are in no other line.',
    rows: list.map(({ id, why }) => [[code(id)], [why]]),
  }
}

function routineSection(routine: WeeklyReport['routine']): Section {
  return {
    ...{ id: 'routine', title: 'Routine', columns: [], rows: [] },
    lead: 'All runs of the week green at the first attempt; the newest of each:',
    inline: routine.map(({ recipe, runs, newest }) => [
      strong(recipe),
      ...(runs > 1 ? [dim(` ${runs} runs`)] : []),
      ' ',
      runOf(newest),
    ]),
  }
}

/** `2.0.0+0.40.6`, or the commit of what is no release. */
function stateOf({ released, commit, dirty }: RunReference): string {
  if (released !== null && !dirty) return `release ${released}`
  return `${commit.slice(0, 10)}${dirty ? ' and changes' : ''}, no release`
}

function runOf({ run }: RunReference): DocumentPiece {
  return { kind: 'run', run, text: run }
}

function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}

const BREAK: DocumentPiece = { kind: 'break' }
const strong = (text: string): DocumentPiece => ({ kind: 'strong', text })
const dim = (text: string): DocumentPiece => ({ kind: 'dim', text })
const code = (text: string): DocumentPiece => ({ kind: 'code', text })

import { type Difference, differencesOf } from '../compare/dimensions.ts'
import { CHANGE_WORDS, type Word, wordOf } from '../compare/messages.ts'
import type { RunSummary, TierSummary } from '../run-summary.ts'
import { commandFor } from './command.ts'
import type { CellStatus, TierWord } from './contract.ts'
import { type DifferenceFacts, ownerOf } from './owners.ts'
import type { CellChange, MatrixCell, SweepPlan } from './record.ts'

type Side = Omit<MatrixCell, 'change'>

export interface ChangeParts {
  readonly plan: SweepPlan
  /** Null: this sweep, or the one before, does not have the cell. */
  readonly before: Side | null
  readonly after: Side | null
  /** Why a cell that only one of them has came or went; null: nobody knows. */
  readonly listed: DifferenceFacts['listed']
  /** Whether cc-ci was another in the sweep before. */
  readonly toolMoved: boolean
  readonly summaryOf: (run: string) => RunSummary | null
}

/** The worst first: it stands for the whole cell. */
const GRAVITY: readonly Word[] = [
  ...(['regression', 'new failure', 'other failure', 'unstable', 'unknown', 'disappeared'] as const),
  ...(['fixed', 'new pass', 'still failing', 'appeared', 'same'] as const),
]

/** Words that leave nothing to be explained. */
const NO_DIFFERENCE: readonly Word[] = ['same', 'still failing']

/** What became of one cell since the sweep before, whose it is, and what would tell more. */
export function changeOf(parts: ChangeParts): CellChange {
  const { before, after, listed } = parts
  const previous = before && { status: before.status, run: before.run }
  if (!before || !after) {
    const word = after ? 'appeared' : 'disappeared'
    const { owner, because } = ownerOf({ word, listed, judged: listed !== null, blamesTool: false, moved: new Set() })
    return { word, tiers: [], owner, because, moved: [], command: null, before: previous }
  }
  const [a, b] = [summary(parts, before), summary(parts, after)]
  const tiers = a && b ? tierWords(a, b) : []
  const moved = a && b ? (a.id === b.id ? [] : differencesOf(a, b)) : knownDifferences(parts, before, after)
  const decided = a && b ? decidedByTiers(a, b, tiers) : decidedByStatus(before, after, moved.length > 0)
  if (NO_DIFFERENCE.includes(decided.word))
    return { word: decided.word, tiers, owner: null, because: null, moved, command: null, before: previous }
  const byOperator = [before, after].some(({ reason }) => reason !== null && isOperators(reason.code)) && !(a && b)
  const facts: DifferenceFacts = {
    ...decided,
    listed: byOperator ? 'by-operator' : null,
    moved: new Set(moved.map(({ dimension }) => dimension)),
  }
  const { owner, because } = ownerOf(facts)
  const command =
    owner === 'unknown' ? commandFor({ cell: cellOf(parts), before: a, after: b, moved: facts.moved }) : null
  return { word: decided.word, tiers, owner, because, moved, command, before: previous }
}

type Decided = Pick<DifferenceFacts, 'word' | 'judged' | 'blamesTool'>

function summary({ summaryOf }: ChangeParts, { run }: Side): RunSummary | null {
  return run === null ? null : summaryOf(run)
}

function cellOf({ plan, after }: ChangeParts) {
  return plan.cells.find(({ key }) => key === after?.key) ?? null
}

function tierWords(a: RunSummary, b: RunSummary): TierWord[] {
  return b.tiers.flatMap((tier) => {
    const other = a.tiers.find(({ id }) => id === tier.id)
    const word = other ? wordOf(other, tier) : null
    return word === null || word === 'same' ? [] : [{ id: tier.id, word }]
  })
}

/** A tier that neither judged, for the same reason, is no difference. */
function decidedByTiers(a: RunSummary, b: RunSummary, words: readonly TierWord[]): Decided {
  if (a.id === b.id) return { word: b.verdict === 'fail' ? 'still failing' : 'same', judged: true, blamesTool: false }
  const changed = words.filter(({ id, word }) => word !== 'unknown' || !isSameUnknown(tierOf(a, id), tierOf(b, id)))
  const worst = [...changed].sort((x, y) => GRAVITY.indexOf(x.word) - GRAVITY.indexOf(y.word))[0]
  if (!worst) return { word: 'same', judged: true, blamesTool: false }
  const [before, after] = [tierOf(a, worst.id), tierOf(b, worst.id)]
  return {
    word: worst.word,
    judged: [before, after].every((tier) => tier !== undefined && !['unverified', 'not-judged'].includes(tier.status)),
    blamesTool: after?.status === 'unverified' && after.cause?.blame === 'ci',
  }
}

function tierOf({ tiers }: RunSummary, id: string): TierSummary | undefined {
  return tiers.find((tier) => tier.id === id)
}

function isSameUnknown(a: TierSummary | undefined, b: TierSummary | undefined): boolean {
  return a?.status === b?.status && a?.cause?.code === b?.cause?.code
}

/** Without results, commits and builds are all that is known; not the world. */
function knownDifferences({ toolMoved }: ChangeParts, before: Side, after: Side): Difference[] {
  const recipe = {
    dimension: 'recipe',
    key: 'commit',
    before: short(before.commit),
    after: short(after.commit),
  } as const
  const tool = { dimension: 'tool', key: 'build', before: null, after: null } as const
  return [...(before.commit === after.commit ? [] : [recipe]), ...(toolMoved ? [tool] : [])]
}

function short(commit: string | null): string | null {
  return commit?.slice(0, 10) ?? null
}

/** Where one of them has no results, its status stands for all of it. What has changed while nothing is known to have moved is nobody's. */
function decidedByStatus(before: Side, after: Side, anythingMoved: boolean): Decided {
  const isAsBefore = before.status === after.status && before.reason?.code === after.reason?.code
  if (isAsBefore && (before.status !== 'fail' || isSameTrouble(before, after)))
    return { word: before.status === 'fail' ? 'still failing' : 'same', judged: true, blamesTool: false }
  const word = CHANGE_WORDS[statusOf(before.status)][statusOf(after.status)]
  const judged = [before, after].every(({ status }) => status === 'pass' || status === 'fail') && anythingMoved
  return { word: word === 'still failing' ? 'other failure' : word, judged, blamesTool: false }
}

/** `compose-invalid: …` is the same whatever it says. */
function isSameTrouble(before: Side, after: Side): boolean {
  return before.trouble?.split(':')[0] === after.trouble?.split(':')[0]
}

function statusOf(status: CellStatus): 'pass' | 'fail' | 'unverified' | 'not-judged' {
  return status === 'not-run' ? 'not-judged' : status
}

function isOperators(code: string): boolean {
  return code === 'excluded' || code === 'not-enrolled'
}

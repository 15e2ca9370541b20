import type { BaseRef } from './events.ts'
import { type Evidence, type EvidenceKind, evidenceProblem } from './evidence.ts'
import { TIERS, type TierId } from './tiers.ts'

/**
 * Why this evidence does not let a tier pass, or null when it does. Each requirement is met by at least one whole piece of one of its
 * kinds; a damaged piece of a required kind counts against the tier even beside a whole one.
 */
export function missingEvidence(tier: TierId, evidence: readonly Evidence[]): string | null {
  const problems = TIERS[tier].requires.map((need) =>
    requirementProblem(typeof need === 'string' ? [need] : need, evidence),
  )
  return problems.filter((problem) => problem !== null).join('; ') || null
}

function requirementProblem(kinds: readonly EvidenceKind[], evidence: readonly Evidence[]): string | null {
  const found = evidence.filter(({ kind }) => kinds.includes(kind))
  if (found.length === 0) return `no evidence of kind ${kinds.join(' or ')}`
  const problem = found.map((piece) => [piece.kind, evidenceProblem(piece)] as const).find(([, why]) => why !== null)
  return problem ? `evidence of kind ${problem[0]} is not whole: ${problem[1]}` : null
}

/** An upgrade from a canonical is one of its data: without whole evidence that the base had it, it is an upgrade of nothing. Null: nothing is missing. */
export function missingData(
  evidence: readonly Evidence[],
  base: { readonly version: string; readonly source: string } | null,
): string | null {
  if (base?.source !== 'canonical') return null
  const found = evidence.find((piece) => piece.kind === 'reattached')
  if (!found) return 'nothing says that the base had the data of its canonical'
  const problem = evidenceProblem(found)
  if (problem !== null) return `evidence of kind reattached is not whole: ${problem}`
  return found.version === base.version ? null : `the base had the data of ${found.version}, not of ${base.version}`
}

/** An upgrade by way of other releases is one of each of them. Null: nothing is missing. */
export function missingSteps(evidence: readonly Evidence[], base: Pick<BaseRef, 'via'> | null): string | null {
  const { via = [] } = base ?? {}
  if (via.length === 0) return null
  const found = evidence.find((piece) => piece.kind === 'steps')
  if (!found) return 'nothing says that the app went by way of the releases between'
  const problem = evidenceProblem(found)
  if (problem !== null) return `evidence of kind steps is not whole: ${problem}`
  const went = (steps: readonly { version: string; commit: string }[]) =>
    steps.map(({ version, commit }) => `${version} (${commit.slice(0, 8)})`).join(', ')
  return went(found.steps) === went(via) ? null : `the app went by way of ${went(found.steps)}, not of ${went(via)}`
}

/** A tier that looks at the app of another run must have had it. Null: nothing is missing. */
export function missingResumed(
  { run, after }: { readonly run: string; readonly after: string },
  found: Evidence | undefined,
): string | null {
  if (found?.kind !== 'resumed') return `nothing says that the app of run ${run} was put in place`
  const problem = evidenceProblem(found)
  if (problem !== null) return `evidence of kind resumed is not whole: ${problem}`
  return found.run === run && found.after === after
    ? null
    : `the app was that of run ${found.run} after ${found.after}, not of run ${run} after ${after}`
}

/** What is known of a run, that evidence must agree with. */
interface Known {
  /** Of head. */
  readonly commit: string
  /** Of the backup tier. */
  readonly snapshot?: string | undefined
  /** Of the version before, taken before the upgrade. */
  readonly snapshotBefore?: string | undefined
  /** Commit of the version before head. */
  readonly base?: string | null
}

/** What the evidence of one run says that cannot be true of a tier that passes, though every piece of it is whole. */
export function contradiction(tier: TierId, evidence: readonly Evidence[], known: Known): string | null {
  for (const piece of evidence) {
    const found = contradicts(piece, known)
    if (found) return `the evidence of ${tier} contradicts its checks: ${found}`
  }
  return null
}

function contradicts(piece: Evidence, known: Known): string | null {
  if (piece.kind === 'head-deployed' && piece.commit !== known.commit)
    return `${piece.commit} was deployed, not ${known.commit}`
  if (piece.kind === 'restored' && known.snapshot && piece.snapshot !== known.snapshot) {
    return `snapshot ${piece.snapshot} was restored, not ${known.snapshot} of this run`
  }
  if (piece.kind === 'rolled-back') {
    if (piece.commit !== known.base) return `${piece.commit} was put back, not ${known.base ?? 'a version before head'}`
    if (piece.snapshot !== known.snapshotBefore)
      return `snapshot ${piece.snapshot} was restored, not ${known.snapshotBefore ?? 'one'} from before the upgrade`
  }
  if (piece.kind === 'witness' && 'witnesses' in piece) {
    const lost = piece.witnesses.find(({ result }) => result === 'lost')
    return lost ? `${lost.subject} is lost` : null
  }
  if (piece.kind === 'hooks' && 'hooks' in piece) {
    const failed = piece.hooks.find(({ exitCode }) => exitCode !== 0)
    return failed ? `${failed.phase} of ${failed.service} ended with ${failed.exitCode}` : null
  }
  return null
}

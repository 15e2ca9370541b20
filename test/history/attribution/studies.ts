import {
  type CellId,
  type CellRun,
  type Conditions,
  cellsOf,
  type Draw,
  type Factor,
  type RecordedResult,
  type Signature,
  type Study,
} from '../../../src/history/attribution/contract.ts'

/** The conditions of every run that does not say otherwise. */
export const WORLD: Conditions = {
  engine: '29.1.0',
  api: '1.52',
  cpus: '2',
  memoryBytes: '8000',
  'image app:1': 'sha256:1',
}

const PASS: Signature = { status: 'pass', code: null, blame: null, service: null, deterministic: false }

export function pass(): Draw {
  return { evidence: true, signature: PASS }
}

/** A failure that may be chance, as its cause says; `sure`: one that is not. */
export function fail(code: string, { sure = false, service = 'app' }: { sure?: boolean; service?: string } = {}): Draw {
  return { evidence: true, signature: { status: 'fail', code, blame: 'recipe', service, deterministic: sure } }
}

/** An end that cc-ci blames on itself. */
export function own(): Draw {
  const signature = { status: 'unverified', code: 'harness-error', blame: 'ci', service: null } as const
  return { evidence: true, signature: { ...signature, deterministic: true } }
}

export function infra(): Draw {
  const signature = { status: 'unverified', code: 'engine-lost', blame: 'infra', service: null } as const
  return { evidence: false, because: 'unjudged', signature: { ...signature, deterministic: false } }
}

export function blocked(): Draw {
  return { evidence: false, because: 'blocked', signature: null }
}

export function runOf(cell: CellId, draws: readonly Draw[], conditions: Conditions = WORLD): CellRun {
  return { cell, tiers: { install: draws }, conditions }
}

export function recordedAs(draw: Draw, conditions: Conditions = WORLD): RecordedResult {
  return { tiers: { install: [draw] }, conditions }
}

/** A study of one tier, from the draws of each cell. */
export function studyOf(
  cells: Readonly<Partial<Record<CellId, readonly Draw[]>>>,
  { recorded = null, moved = ['tool', 'ref'] }: { recorded?: RecordedResult | null; moved?: readonly Factor[] } = {},
): Study {
  const runs = cellsOf(moved).flatMap((cell) => (cells[cell] ?? []).map((draw) => runOf(cell, [draw])))
  return { moved, runs, recorded }
}

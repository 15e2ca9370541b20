import type { RealApp } from '../../../fixtures/apps/app.ts'
import { ends } from '../../../src/canaries/expect.ts'
import type { Evidence } from '../../../src/verdict/evidence.ts'
import { fold } from '../../../src/verdict/fold.ts'
import type { Results } from '../../../src/verdict/results.ts'
import type { TierId } from '../../../src/verdict/tiers.ts'
import { PASSING, passingStream, passingTier } from '../../verdict/passing-stream.ts'

/** What `LIFE` proves. */
export const APP: RealApp = {
  recipe: 'pocketbase',
  proves: 'A backend in one file',
  images: [],
  tests: { functional: ['can log in', 'can write'], integration: ['logs in with keycloak'] },
  data: ['volume:data', 'volume:data/data.db'],
  faults: [
    {
      name: 'table-dropped',
      what: 'Drops a table | of all',
      plant: async () => {},
      args: ['--only', 'upgrade'],
      expect: ends(['upgrade'], ['data-lost']),
    },
  ],
}

const COUNTS = {
  ...{ tables: 9, rows: 16, rowsLost: 0, tablesLost: 0, rowsTidied: 0 },
  ...{ newTables: 0, formerTables: 0, newColumns: 0, formerColumns: 0, newRows: 1 },
}
type Rows = Extract<Extract<Evidence, { kind: 'witness' }>, { witnesses: unknown }>['witnesses']
type Restored = Extract<Evidence, { kind: 'restored' }>
const state = { before: 'a', after: 'a' }

export const UPGRADED: Rows = [
  { subject: 'volume:data', kind: 'file', result: 'kept', ...state, summary: 'the marker file is there' },
  { subject: 'volume:data/data.db', kind: 'sqlite', result: 'changed', ...state, summary: '9 tables', counts: COUNTS },
]
export const RESTORED: Rows = [
  { subject: 'volume:data', kind: 'file', result: 'kept', ...state, summary: 'the marker file is back' },
  {
    ...{ subject: 'volume:data/data.db', kind: 'sqlite', result: 'kept', ...state },
    summary: '2 of 2 destroyed rows back',
    counts: { ...COUNTS, rowsDestroyed: 2, rowsBack: 2 },
  },
]
const EMPTIED: NonNullable<Restored['emptied']> = [{ volume: 'data', before: 9, left: 0, asNew: 4, after: 8 }]

interface Change {
  readonly upgraded?: Rows
  readonly restored?: Rows
  readonly emptied?: Restored['emptied']
  /** Whose events are left out, as if it had been skipped. */
  readonly skipped?: TierId
}

/** The results of a run in which every tier passed, with the data of an app; `change` is what differs. */
export function lifeWith({
  upgraded = UPGRADED,
  restored = RESTORED,
  emptied = EMPTIED,
  skipped,
}: Change = {}): Results {
  const instead = {
    upgrade: withEvidence('upgrade', [...others('upgrade'), { kind: 'witness', witnesses: [...upgraded] }]),
    restore: withEvidence('restore', [
      ...others('restore').map((piece) =>
        piece.kind === 'restored' ? { ...piece, emptied: [...(emptied ?? [])] } : piece,
      ),
      { kind: 'witness', witnesses: [...restored] },
    ]),
  }
  const none = skipped && {
    [skipped]: [{ type: 'tier.skipped', tier: skipped, kind: 'structural', reason: 'nothing for it' } as const],
  }
  return fold(passingStream({ ...instead, ...none }))
}

function others(tier: TierId): Evidence[] {
  return PASSING[tier].filter(({ kind }) => kind !== 'witness')
}

function withEvidence(tier: TierId, evidence: readonly Evidence[]) {
  const events = passingTier(tier).filter(({ type }) => type !== 'evidence')
  return events.toSpliced(-1, 0, ...evidence.map((piece) => ({ type: 'evidence' as const, tier, evidence: piece })))
}

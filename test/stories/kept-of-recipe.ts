import {
  rowWithoutRun,
  tableShape,
  type UpgradeRow,
  type UpgradeTable,
  upgradeRow,
  upgradeVerdictOf,
} from '../../src/history/upgrades/table.ts'
import type { KeptCanonical } from '../../src/server/memory/kept-of-recipe.ts'
import type { WaitingCode } from '../../src/server/memory/waiting-code.ts'
import { cause } from '../../src/verdict/causes.ts'
import { fold } from '../../src/verdict/fold.ts'
import { TIER_IDS } from '../../src/verdict/tiers.ts'
import { failedRun } from '../report/sample-runs.ts'
import { HEADER, passingStream } from '../verdict/passing-stream.ts'

const base = (version: string, via: string[] = []) => ({ version, commit: '9'.repeat(40), via })

const ROWS: readonly UpgradeRow[] = [
  upgradeRow(base('3.1.0+28.0.4'), fold(passingStream({}, { selected: TIER_IDS }))),
  upgradeRow(base('2.4.1+27.1.7', ['3.0.0+28.0.0']), fold(passingStream())),
  upgradeRow(base('2.0.0+26.0.1'), fold(failedRun('column "slug" of relation "posts" does not exist'))),
  rowWithoutRun({
    ...{ kind: 'unverified', leg: { base: '1.0.0', named: true }, base: base('1.0.0+20.0.0'), plan: null },
    cause: cause('compose-invalid', 'the base version 1.0.0+20.0.0 cannot be read: services.app.deploy is no mapping'),
  }),
]

function table(id: string, rows: readonly UpgradeRow[], more: Partial<UpgradeTable> = {}): UpgradeTable {
  return tableShape.parse({
    ...{
      schema: 1,
      id,
      tool: HEADER.tool,
      recipe: HEADER.recipe,
      asked: 'all-minors',
      verdict: upgradeVerdictOf(rows),
    },
    ...{ startedAt: '2026-11-29T12:00:00.000Z', finishedAt: '2026-11-29T13:10:00.000Z', reason: null, rows },
    considered: ['3.1.0+28.0.4: the newest release', '2.4.1+27.1.7: the last of 2.4', '1.1.0+20.0.0: left out, no tag'],
    ...more,
  })
}

/** Newest first: one with every kind of row, one under way, one that passed. */
export const UPGRADES: readonly UpgradeTable[] = [
  table('20261129-120000-abc234', ROWS),
  table('20261122-120000-abc234', ROWS.slice(0, 1), { startedAt: '2026-11-22T12:00:00.000Z', finishedAt: null }),
  table('20261115-120000-abc234', ROWS.slice(0, 2), { startedAt: '2026-11-15T12:00:00.000Z' }),
]

const volume = (name: string, files: number, bytes: number) => ({
  ...{ volume: name, files, bytes, content: '0'.repeat(64), file: 'volumes/0.tar.zst', storedBytes: bytes / 2 },
})

export const CANONICALS: readonly KeptCanonical[] = [
  {
    ...{ version: '3.1.0+28.0.4', commit: 'a'.repeat(40), takenAt: '2026-11-28T09:30:00.000Z' },
    volumes: [volume('data', 9_412, 8.1e8), volume('db', 1_204, 9.4e7)],
    ...{ run: '20261128-090000-aaaaaa', storedBytes: 3.1e8, usedAt: '2026-11-30T18:02:00.000Z' },
  },
  {
    ...{ version: '3.0.0+28.0.0', commit: 'b'.repeat(40), takenAt: '2026-10-12T09:30:00.000Z' },
    volumes: [volume('data', 1, 4_096)],
    ...{ run: '20261012-090000-aaaaaa', storedBytes: 9_000, usedAt: '2026-10-12T09:30:00.000Z' },
  },
]

export const WAITING: readonly WaitingCode[] = [
  {
    ...{ repository: 'coop/nextcloud', commit: 'd'.repeat(40), pull: 7, author: 'ann', run: '20261201-110000-aaaaaa' },
    ...{ since: '2026-12-01T11:20:00.000Z', refused: ['tests/custom/login.spec.ts', 'hooks.ts: POST_INSTALL'] },
  },
  {
    ...{ repository: 'coop/ghost', commit: 'e'.repeat(40), pull: null, author: null, run: '20261129-110000-aaaaaa' },
    ...{ since: '2026-11-29T11:20:00.000Z', refused: ['install-steps.sh'] },
  },
]

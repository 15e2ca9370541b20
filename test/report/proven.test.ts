import { expect, it } from 'vitest'
import { tierWords } from '../../src/report/run/proven.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { passedResults } from './sample-runs.ts'

it('counts a volume once, whichever of its files are watched as well', () => {
  const kept = { result: 'kept', summary: 'as before', before: '1 file', after: '1 file' } as const
  const witness: Evidence = {
    kind: 'witness',
    witnesses: [
      { ...kept, subject: 'volume:data', kind: 'file' },
      { ...kept, subject: 'volume:data', kind: 'manifest' },
      { ...kept, subject: 'volume:data/backup.sql', kind: 'manifest' },
      { ...kept, subject: 'volume:data/app.db', kind: 'sqlite' },
    ],
  }
  const tier = passedResults().tiers.find(({ id }) => id === 'upgrade')
  if (!tier) throw new Error('the sample has no upgrade')
  expect(tierWords({ ...tier, evidence: [witness] })).toBe('data there: 1 volume and 1 database')
})

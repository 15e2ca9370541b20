import { expect, it } from 'vitest'
import { tierWords } from '../../src/report/run/proven.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { passedResults } from './sample-runs.ts'

type Witness = Extract<Evidence, { witnesses: unknown }>['witnesses'][number]
type Looked = readonly [string, Witness['kind'], Witness['result']]

function wordsOf(...looked: readonly Looked[]): string {
  const upgrade = passedResults().tiers.find(({ id }) => id === 'upgrade')
  if (!upgrade) throw new Error('the sample has no upgrade')
  const witnesses = looked.map(([subject, kind, result]) => {
    return { subject, kind, result, before: 'a', after: 'a', summary: 'as before' }
  })
  return tierWords({ ...upgrade, evidence: [{ kind: 'witness', witnesses }], tests: [] })
}

it('counts a volume once, also where the dump in it is looked at by itself', () => {
  const dump: Looked = ['volume:db-data/backup.sql', 'manifest', 'kept']
  const whole: Looked = ['volume:db-data', 'manifest', 'changed']
  expect(wordsOf(['volume:data', 'file', 'kept'], ['volume:data', 'manifest', 'kept'], dump, whole)).toBe(
    'data there: 2 volumes',
  )
  expect(wordsOf(dump, ['volume:db-data', 'manifest', 'excluded'])).toBe('data there: 1 volume')
})

it('counts the databases of a server and of files beside the volumes', () => {
  expect(
    wordsOf(
      ['postgres:db', 'postgres', 'changed'],
      ['volume:data/data.db', 'sqlite', 'kept'],
      ['volume:data', 'manifest', 'changed'],
    ),
  ).toBe('data there: 1 volume and 2 databases')
})

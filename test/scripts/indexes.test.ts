import { expect, test } from 'vitest'
import { indexDifferences, startedFiles } from '../../scripts/check/indexes/differences.ts'

test('an index is compared with the files in both directions', () => {
  const index = '| [a](dev/a.ts) | [gone](dev/gone.ts) | [site](https://example.org) |'
  expect(indexDifferences(index, ['dev/a.ts', 'dev/new.ts'])).toEqual([
    'has no line for dev/new.ts',
    'names dev/gone.ts, which does not exist',
  ])
})

test('what npm scripts start is found', () => {
  const scripts = { check: 'sh scripts/with-node.sh scripts/check/check.ts', format: 'biome check --write .' }
  expect(startedFiles(scripts)).toEqual(['scripts/with-node.sh', 'scripts/check/check.ts'])
})

import { expect, test } from 'vitest'
import { architectureDifferences, indexDifferences, startedFiles } from '../../scripts/check/indexes/differences.ts'

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

const layers = { lib: [], inside: ['lib', 'public'], public: ['inside'], server: ['lib'] }
const page = ['lib', 'inside', 'public', 'server', 'server/http']
  .map((folder) => `| \`src/${folder}\` | what it is |`)
  .join('\n')
const tree = { layers, folders: ['inside', 'lib', 'public', 'server'], server: ['http'] }

test('the page of the architecture agrees with the tree and the layers', () => {
  expect(architectureDifferences(page, tree)).toEqual([])
})

test.each([
  ['a new folder', page, { ...tree, folders: [...tree.folders, 'new'] }, 'has no layer for src/new'],
  ['a folder that is gone', page, { ...tree, folders: ['inside', 'lib', 'server'] }, /^has a layer for src\/public/],
  ['a new folder of the server', page, { ...tree, server: ['http', 'runs'] }, 'has no row for src/server/runs'],
  ['another order', page.replace('src/lib`', 'src/server`'), tree, /^must name the layers in this order: lib, inside/],
  [
    'an import that points down',
    page,
    { ...tree, layers: { ...layers, lib: ['public'] } },
    /^may not say that lib uses/,
  ],
])('the page of the architecture: %s', (_, text, known, problem) => {
  expect(architectureDifferences(text, known)).toContainEqual(
    typeof problem === 'string' ? problem : expect.stringMatching(problem),
  )
})

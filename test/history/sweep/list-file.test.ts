import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_BRANCH, readSweepList } from '../../../src/history/sweep/list-file.ts'
import { folder } from '../../recipe/throwaway.ts'

async function read(text: string) {
  return readSweepList(join(await folder({ 'sweep.yml': text }), 'sweep.yml'))
}

describe('the list of an operator', () => {
  it('names recipes, short or in full, and what is excluded', async () => {
    const list = await read(`
recipes:
  wiki: https://git.example.org/coop/wiki.git
  gitea:
    from: ../gitea
    heads: [default branch, next, next]
    memory: 2G
exclude:
  - { recipe: wiki, cell: main, reason: being rewritten, expires: 2027-01-31 }
`)
    expect(list.recipes).toEqual([
      {
        ...{ name: 'gitea', source: join(list.file, '..', '..', 'gitea'), memoryBytes: 2 * 1024 ** 3 },
        heads: [DEFAULT_BRANCH, 'next'],
      },
      { name: 'wiki', source: 'https://git.example.org/coop/wiki.git', heads: [DEFAULT_BRANCH], memoryBytes: null },
    ])
    expect(list.exclude).toEqual([{ recipe: 'wiki', cell: 'main', reason: 'being rewritten', expires: '2027-01-31' }])
  })

  it.each([
    ['a key that it does not know', 'recipe: {}\n', /sweep\.yml/],
    [
      'a size that is none',
      'recipes:\n  a:\n    from: x\n    memory: lots\n',
      /sweep\.yml:4: recipes\.a.*memory.*4G or 512M/,
    ],
    ['a day that there is not', 'exclude:\n  - { recipe: a, reason: why not, expires: 2027-02-30 }\n', /2027-01-31/],
    ['no reason', 'exclude:\n  - { recipe: a, reason: "", expires: 2027-02-03 }\n', /must say why/],
    ['no end', 'exclude:\n  - { recipe: a, reason: forever }\n', /exclude\.0\.expires/],
    ['a name that leaves a folder', 'recipes:\n  ../x: y\n', /is no name of a recipe/],
    ['a branch that looks like an option', 'recipes:\n  a: { from: x, heads: ["--output=x"] }\n', /sweep\.yml/],
    ['no YAML', 'recipes: [', /sweep\.yml/],
  ])('%s: told, with its place', async (_, text, says) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'bad-sweep-list', message: expect.stringMatching(says) })
  })

  it('a file that is not there is told, with what to do', async () => {
    expect(() => readSweepList('/nowhere/sweep.yml')).toThrow(/cannot be read/)
  })
})

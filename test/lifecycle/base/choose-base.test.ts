import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BaseChoice } from '../../../src/lifecycle/base/base-choice.ts'
import { chooseBase } from '../../../src/lifecycle/base/choose-base.ts'
import { exportTree, openRecipe } from '../../../src/recipe/repository/repo.ts'
import { commit, folder, git, repository } from '../../recipe/throwaway.ts'
import { APP, compose, DEFAULTS, releaseIn } from '../releases.ts'

interface Step {
  /** Tags this commit. */
  readonly tag?: string
  readonly version?: string
  readonly image?: string
  /** The compose file as it is, in place of `version` and `image`. */
  readonly text?: string
}

/** A recipe with one commit per step; the last one is head. The first one is on the branch `main`, head may be elsewhere. */
async function recipe(steps: readonly Step[], branch = 'main'): Promise<{ dir: string; commits: string[] }> {
  const dir = await repository({ 'README.md': 'x' })
  const commits: string[] = []
  for (const [i, { tag, text, ...rest }] of steps.entries()) {
    if (i === 1 && branch !== 'main') await git(dir, 'checkout', '--quiet', '-b', branch)
    commits.push(await commit(dir, `step ${i}`, { 'compose.yml': text ?? compose(rest) }))
    if (tag) await git(dir, 'tag', '-a', '-m', 'x', tag)
  }
  return { dir, commits }
}

async function choose(dir: string, requested = 'auto', from = 'auto'): Promise<BaseChoice> {
  const repo = await openRecipe(dir)
  const parent = await folder({})
  const { commit, dirty } = repo.head
  await exportTree(repo, dirty ? 'worktree' : commit, join(parent, 'head'))
  const head = await releaseIn(join(parent, 'head'), commit, dirty)
  const settings = { ...DEFAULTS, upgrade: { ...DEFAULTS.upgrade, from } }
  const dirs = { dir: join(parent, 'base'), viaDir: join(parent, 'via') }
  return chooseBase({ repo, app: APP, head, settings, requested, overlay: null, ...dirs })
}

const OLD: Step = { tag: '1.0.0+1.25', version: '1.0.0+1.25', image: 'nginx:1.25' }
const NEWER: Step = { tag: '1.1.0+1.26', version: '1.1.0+1.26', image: 'nginx:1.26' }
const NEWEST: Step = { tag: '2.0.0+1.27', version: '2.0.0+1.27', image: 'nginx:1.27' }

describe('chosen by itself', () => {
  test('the newest release that head comes after', async () => {
    const { dir, commits } = await recipe([OLD, NEWER, { version: '2.0.0+1.27', image: 'nginx:1.27' }])
    expect(await choose(dir)).toMatchObject({
      kind: 'base',
      ref: { version: '1.1.0+1.26', commit: commits[1], source: 'tag' },
      release: { version: '1.1.0+1.26', chaos: false, commit: commits[1] },
      differs: ['app: image'],
      considered: ['1.1.0+1.26: chosen (tag)'],
    })
  })

  test('not the newest release of all: head may fix an older line', async () => {
    const { dir } = await recipe([OLD, NEWEST])
    await git(dir, 'checkout', '--quiet', '-b', 'old-line', OLD.tag as string)
    await commit(dir, 'a fix', { 'compose.yml': compose({ version: '1.0.1+1.25', image: 'nginx:1.25.5' }) })
    expect(await choose(dir)).toMatchObject({ kind: 'base', ref: { version: '1.0.0+1.25' } })
  })

  test('a release of the target branch where head comes after none', async () => {
    const { dir } = await recipe([{ image: 'nginx:1.24' }, OLD])
    await git(dir, 'checkout', '--quiet', '-b', 'topic', 'HEAD~1')
    await commit(dir, 'a change', { 'compose.yml': compose({ image: 'nginx:1.24.1' }) })
    expect(await choose(dir)).toMatchObject({ kind: 'base', ref: { version: '1.0.0+1.25', source: 'tag' } })
  })

  test('not head itself, when head is a released commit', async () => {
    const { dir } = await recipe([OLD, NEWER])
    expect(await choose(dir)).toMatchObject({
      ref: { version: '1.0.0+1.25' },
      considered: ["1.1.0+1.26: is head's own commit", '1.0.0+1.25: chosen (tag)'],
    })
  })

  test('the release whose version head still carries, as every change before its own release does', async () => {
    const { dir } = await recipe([OLD, NEWER, { version: '1.1.0+1.26', image: 'nginx:1.26.1' }])
    expect(await choose(dir)).toMatchObject({
      ref: { version: '1.1.0+1.26' },
      considered: ['1.1.0+1.26: chosen (tag)'],
    })
  })

  test('a release on whose commit head has changes that are not committed', async () => {
    const { dir, commits } = await recipe([OLD, NEWER])
    await writeFile(join(dir, 'compose.yml'), compose({ version: '1.1.0+1.26', image: 'nginx:1.26.1' }))
    expect(await choose(dir)).toMatchObject({ ref: { version: '1.1.0+1.26', commit: commits[1] } })
  })

  test('a step further back where the next release runs the same', async () => {
    const same: Step = { tag: '1.0.1+1.26', version: '1.0.1+1.26', image: 'nginx:1.26' }
    const { dir } = await recipe([OLD, same, { version: '1.0.2+1.26', image: 'nginx:1.26' }])
    expect(await choose(dir)).toMatchObject({
      kind: 'base',
      ref: { version: '1.0.0+1.25' },
      considered: ['1.0.1+1.26: runs the same as head', '1.0.0+1.25: chosen (tag)'],
    })
  })

  test('a step further back where the next release cannot be read', async () => {
    const broken: Step = { tag: '1.0.1+1.26', text: 'services: [\n' }
    const { dir } = await recipe([OLD, broken, { version: '1.0.2+1.26', image: 'nginx:1.26' }])
    const choice = await choose(dir)
    expect(choice).toMatchObject({ kind: 'base', ref: { version: '1.0.0+1.25' } })
    expect(choice.considered[0]).toMatch(/^1\.0\.1\+1\.26: cannot be resolved \(/)
  })

  test('none where every older release runs the same', async () => {
    const { dir, commits } = await recipe([OLD, { version: '1.0.1+1.25', image: 'nginx:1.25' }])
    expect(await choose(dir)).toEqual({
      kind: 'none',
      same: { version: '1.0.0+1.25', commit: commits[0], source: 'tag' },
      reason: 'no older version differs in something that runs',
      considered: ['1.0.0+1.25: runs the same as head'],
    })
  })

  test('the tip of the target branch where nothing was ever released', async () => {
    const { dir, commits } = await recipe([{ image: 'nginx:1.25' }, { image: 'nginx:1.26' }], 'topic')
    expect(await choose(dir)).toMatchObject({
      kind: 'base',
      ref: { version: 'main', commit: commits[0], source: 'branch' },
      release: { chaos: true },
    })
  })

  test('none where nothing was released and head is that tip', async () => {
    const { dir } = await recipe([{ image: 'nginx:1.25' }])
    expect(await choose(dir)).toEqual({ kind: 'none', reason: 'no released version to upgrade from', considered: [] })
  })
})

describe('pinned', () => {
  test('a version, whatever its age; the caller wins over the setting', async () => {
    const { dir, commits } = await recipe([OLD, NEWER, { version: '2.0.0+1.27', image: 'nginx:1.27' }])
    const pin = { kind: 'base', ref: { version: '1.0.0+1.25', commit: commits[0], source: 'pin' } }
    expect(await choose(dir, '1.0.0+1.25')).toMatchObject(pin)
    expect(await choose(dir, 'auto', '1.0.0+1.25')).toMatchObject(pin)
    expect(await choose(dir, '1.0.0+1.25', '1.1.0+1.26')).toMatchObject(pin)
  })

  test('one that runs the same is said to be so, not replaced by another', async () => {
    const same: Step = { tag: '1.0.1+1.26', version: '1.0.1+1.26', image: 'nginx:1.26' }
    const { dir, commits } = await recipe([OLD, same, { version: '1.0.2+1.26', image: 'nginx:1.26' }])
    expect(await choose(dir, '1.0.1+1.26')).toEqual({
      kind: 'no-delta',
      ref: { version: '1.0.1+1.26', commit: commits[1], source: 'pin' },
      considered: ['1.0.1+1.26: pinned, but runs the same as head'],
    })
  })

  test('a commit that is no release is deployed as one', async () => {
    const { dir, commits } = await recipe([{ image: 'nginx:1.25' }, NEWER])
    expect(await choose(dir, commits[0])).toMatchObject({ kind: 'base', release: { chaos: true } })
  })

  test('a lightweight tag is no release, and is named', async () => {
    const { dir } = await recipe([{ image: 'nginx:1.25' }, { version: '1.1.0+1.26', image: 'nginx:1.26' }])
    await git(dir, 'tag', '1.0.0+1.25', 'HEAD~1')
    const choice = await choose(dir)
    expect(choice).toMatchObject({ kind: 'none', reason: expect.stringContaining('1.0.0+1.25 is a lightweight tag') })
  })

  test('none, and one that is not there', async () => {
    const { dir } = await recipe([OLD, NEWER])
    // Asked for on the command line it proves less, and the level must say so; in the recipe it is a declaration.
    expect(await choose(dir, 'none')).toMatchObject({ kind: 'none', skip: 'not-selected' })
    expect(await choose(dir, 'auto', 'none')).toMatchObject({ kind: 'none', skip: 'declared' })
    await expect(choose(dir, '9.9.9+1')).rejects.toMatchObject({ exitCode: 2 })
  })
})

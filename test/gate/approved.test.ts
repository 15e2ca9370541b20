import { chmod, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Approval, approve, readApprovals, revoke } from '../../src/gate/approvals.ts'
import { approvalFor, codeTree } from '../../src/gate/approved.ts'
import { openRecipe } from '../../src/recipe/repository/repo.ts'
import { isApproved } from '../../src/server/worker/task.ts'
import { commit, folder, git, repository, write } from '../recipe/throwaway.ts'

const CODE = { 'cc-ci/tests/custom/a.spec.ts': 'one\n' }

/** A repository whose second commit leaves the code alone, and whose third does not. */
async function history() {
  const dir = await repository()
  const approved = await commit(dir, 'code', CODE)
  const same = await commit(dir, 'something else', { 'README.md': 'other words' })
  const other = await commit(dir, 'other code', { 'cc-ci/tests/custom/a.spec.ts': 'two' })
  return { dir, approved, same, other }
}

async function asked(dir: string, sha: string, approvals: readonly Approval[], worktree = false) {
  return approvalFor({ repo: await openRecipe(dir), commit: sha, worktree, approvals, once: false })
}

describe('an approval of a commit', () => {
  it('holds for every commit with the same code, and for no other', async () => {
    const { dir, approved, same, other } = await history()
    const { origin } = await openRecipe(dir)
    const word = { repository: origin, commit: approved, branch: null, tree: await codeTree(dir, approved), at: '' }
    expect(await asked(dir, approved, [word])).toBe(`commit ${approved.slice(0, 8)} is approved`)
    expect(await asked(dir, same, [word])).toBe(`its code is that of commit ${approved.slice(0, 8)}, which is approved`)
    expect(await asked(dir, other, [word])).toBeNull()
    // Back to what was looked at.
    const back = await commit(dir, 'back', CODE)
    expect(await asked(dir, back, [word])).not.toBeNull()
    // One more file, or another mode, is another code.
    expect(await asked(dir, await commit(dir, 'more', { 'cc-ci/b.ts': '' }), [word])).toBeNull()
    await git(dir, 'checkout', '--quiet', approved)
    await git(dir, 'update-index', '--chmod=+x', 'cc-ci/tests/custom/a.spec.ts')
    await git(dir, 'commit', '--quiet', '-m', 'executable')
    expect(await asked(dir, await git(dir, 'rev-parse', 'HEAD'), [word])).toBeNull()
  })

  it('of an earlier version, or of another repository, does not hold for it', async () => {
    const { dir, approved, same } = await history()
    const { origin } = await openRecipe(dir)
    const tree = await codeTree(dir, approved)
    const word = { repository: origin, commit: approved, branch: null, tree, at: '' }
    expect(await asked(dir, same, [{ ...word, tree: null }])).toBeNull()
    expect(await asked(dir, approved, [{ ...word, tree: null }])).not.toBeNull()
    expect(await asked(dir, same, [{ ...word, repository: 'https://git.example.org/o/r.git' }])).toBeNull()
  })

  it('says nothing of code that is not committed', async () => {
    const { dir, same, approved } = await history()
    await git(dir, 'checkout', '--quiet', same)
    const { origin } = await openRecipe(dir)
    const word = { repository: origin, commit: approved, branch: null, tree: await codeTree(dir, same), at: '' }
    await write(dir, { 'README.md': 'a change beside the code' })
    expect(await asked(dir, same, [word], true)).not.toBeNull()
    await write(dir, { 'cc-ci/more.ts': 'x' })
    expect(await asked(dir, same, [word], true)).toBeNull()
  })

  it.each<[string, (dir: string, file: string) => Promise<unknown>]>([
    ['told to take it for unchanged', (dir, file) => git(dir, 'update-index', '--assume-unchanged', file)],
    ['told to leave it out', (dir, file) => git(dir, 'update-index', '--skip-worktree', file)],
    ['with line ends of its own', (dir) => write(dir, { '.git/info/attributes': '* text\n' })],
  ])('nor of code that git is %s', async (_, hide) => {
    const { dir, same, approved } = await history()
    const file = 'cc-ci/tests/custom/a.spec.ts'
    await git(dir, 'checkout', '--quiet', same)
    const { origin } = await openRecipe(dir)
    const word = { repository: origin, commit: approved, branch: null, tree: await codeTree(dir, same), at: '' }
    expect(await asked(dir, same, [word], true)).not.toBeNull()
    await hide(dir, file)
    await write(dir, { [file]: 'one\r\n' })
    expect(await asked(dir, same, [word], true)).toBeNull()
  })

  it('nor where only what may be run is another one', async () => {
    const { dir, same, approved } = await history()
    const file = 'cc-ci/tests/custom/a.spec.ts'
    await git(dir, 'checkout', '--quiet', same)
    await git(dir, 'config', 'core.fileMode', 'false')
    const { origin } = await openRecipe(dir)
    const word = { repository: origin, commit: approved, branch: null, tree: await codeTree(dir, same), at: '' }
    await chmod(join(dir, file), 0o755)
    expect(await git(dir, 'status', '--porcelain')).toBe('')
    expect(await asked(dir, same, [word], true)).toBeNull()
  })

  it('never holds by a folder that is none: a link, a file, a submodule, nothing', async () => {
    const dir = await repository()
    expect(await codeTree(dir, 'HEAD')).toBeNull()
    const file = await commit(dir, 'a file', { 'cc-ci': 'x' })
    expect(await codeTree(dir, file)).toBeNull()
    await git(dir, 'rm', '--quiet', 'cc-ci')
    await symlink('/tmp', join(dir, 'cc-ci'))
    const link = await commit(dir, 'a link')
    expect(await codeTree(dir, link)).toBeNull()
    // An approval of an earlier version knows no tree: no folder here and no tree there are not the same code.
    const { origin } = await openRecipe(dir)
    expect(await asked(dir, link, [{ repository: origin, commit: file, branch: null, tree: null, at: '' }])).toBeNull()
    await git(dir, 'rm', '--quiet', '--cached', 'cc-ci')
    await git(dir, 'update-index', '--add', '--cacheinfo', `160000,${file},cc-ci`)
    await git(dir, 'commit', '--quiet', '-m', 'a submodule')
    expect(await codeTree(dir, 'HEAD')).toBeNull()
  })
})

it('a worker looks itself which code a commit has', async () => {
  const { dir, approved, same, other } = await history()
  const tree = (await codeTree(dir, approved)) ?? ''
  const held = { approvedCommits: [other], approvedTrees: [tree] }
  expect(await Promise.all([approved, same, other].map((sha) => isApproved(held, dir, sha)))).toEqual([
    true,
    true,
    true,
  ])
  const less = { approvedCommits: [], approvedTrees: [tree] }
  expect(await isApproved(less, dir, other)).toBe(false)
  expect(await isApproved({ approvedCommits: [], approvedTrees: [] }, dir, approved)).toBe(false)
})

it('approvals are taken back one by one or all of a repository; a file without trees is read', async () => {
  const state = await folder({
    'approvals.json': JSON.stringify({
      schema: 1,
      approvals: [{ repository: 'r', commit: 'a'.repeat(40), branch: null, at: 'then' }],
    }),
  })
  expect(readApprovals(state)).toMatchObject([{ commit: 'a'.repeat(40), tree: null }])
  const word = (repository: string, sha: string) => ({
    ...{ repository, commit: sha.repeat(40), branch: null, tree: 'd'.repeat(40), at: 'now' },
  })
  for (const one of [word('r', 'b'), word('r', 'c'), word('s', 'b')]) approve(state, one)
  expect(revoke(state, 'r', 'b'.repeat(40))).toEqual([word('r', 'b')])
  expect(revoke(state, 'r', 'b'.repeat(40))).toEqual([])
  expect(revoke(state, 'r')).toHaveLength(2)
  expect(readApprovals(state)).toEqual([word('s', 'b')])
})

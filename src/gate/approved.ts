import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecipeRepo } from '../recipe/model.ts'
import { WORK_TREE_FILES } from '../recipe/repository/export.ts'
import { git, gitOk } from '../recipe/repository/git.ts'
import type { Approval } from './approvals.ts'

export interface ApprovalQuery {
  readonly repo: RecipeRepo
  /** The commit whose code would run. */
  readonly commit: string
  /** The work tree is judged, not the commit alone. */
  readonly worktree: boolean
  readonly approvals: readonly Approval[]
  /** The caller approves the code as it lies there, for this once. */
  readonly once: boolean
}

/**
 * What allows the code of the recipe repository to run, as text for the results; null: nothing does, and it is refused. An approval of a
 * commit or branch says nothing about uncommitted changes of that code.
 */
export async function approvalFor(question: ApprovalQuery): Promise<string | null> {
  const { repo, commit, approvals, once, worktree } = question
  if (once) return `approved for this run${worktree ? ', as it lies in the work tree' : ''}`
  const mine = approvals.filter(({ repository }) => repository === repo.origin)
  if (mine.length === 0 || (worktree && (await codeIsChanged(repo.dir, commit)))) return null
  if (mine.some((approval) => approval.commit === commit)) return `commit ${commit.slice(0, 8)} is approved`
  const tree = await codeTree(repo.dir, commit)
  const same = mine.find((approval) => tree !== null && approval.tree === tree)
  if (same) return `its code is that of commit ${same.commit?.slice(0, 8)}, which is approved`
  for (const { branch } of mine) {
    if (branch !== null && (await tipOf(repo, branch)).includes(commit)) return `branch ${branch} is approved`
  }
  return null
}

/**
 * The git tree of `cc-ci/` at a commit, 40 hex: two commits with the same one have the same code to the last byte, because nothing beside that folder is ever run. Null
 * where there is no such folder; a link or a submodule of that name is none.
 */
export async function codeTree(dir: string, commit: string): Promise<string | null> {
  const listed = await gitOk(dir, ['ls-tree', '-d', '--full-tree', '-z', commit, '--', 'cc-ci'])
  return /^040000 tree ([0-9a-f]{40})\tcc-ci\0$/.exec(listed)?.[1] ?? null
}

/**
 * By what is there, byte for byte: the folder's own index may have been told to take files for unchanged, and its configuration and attributes may make two contents, or two
 * modes, one. Links count as what they are: they are never followed.
 */
async function codeIsChanged(dir: string, commit: string): Promise<boolean> {
  const committed = (await gitOk(dir, ['ls-tree', '-r', '-z', '--full-tree', commit, '--', 'cc-ci'])).split('\0')
  const listed = await gitOk(dir, [...WORK_TREE_FILES, '--', 'cc-ci'])
  const files = await Promise.all(
    listed
      .split('\0')
      .filter(Boolean)
      .map(async (path) => ({ path, mode: await modeOf(dir, path) })),
  )
  const there = files.filter(({ mode }) => mode !== null)
  // Git asks for these names in lines.
  if (there.some(({ path }) => /[\n"]/.test(path))) return true
  const regular = there.filter(({ mode }) => mode !== LINK).map(({ path }) => path)
  const input = regular.map((path) => `${path}\n`).join('')
  const ids = (await gitOk(dir, ['hash-object', '--no-filters', '--stdin-paths'], { input })).split('\n')
  const idOf = new Map(regular.map((path, index) => [path, ids[index] ?? '']))
  const now = there.map(({ path, mode }) => `${mode} ${idOf.get(path) ?? ''}\t${path}`)
  const then = committed.flatMap((row) => {
    const [, mode = '', id = '', path = ''] = /^(\d+) blob ([0-9a-f]+)\t([\s\S]+)$/.exec(row) ?? []
    return mode === '' ? [] : [`${mode} ${mode === LINK ? '' : id}\t${path}`]
  })
  return now.sort().join('\0') !== then.sort().join('\0')
}

const LINK = '120000'

/** As git has it in a tree; null where there is no file. */
async function modeOf(dir: string, path: string): Promise<string | null> {
  const found = await lstat(join(dir, path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (found?.isSymbolicLink()) return LINK
  if (!found?.isFile()) return null
  return (found.mode & 0o100) === 0 ? '100644' : '100755'
}

/** A branch of the repository itself, here or as a clone knows it; never a tag that calls itself like one. */
async function tipOf({ dir }: RecipeRepo, branch: string): Promise<string[]> {
  if (!/^[\w./+@-]+$/.test(branch) || branch.includes('@{')) return []
  const refs = [`refs/heads/${branch}`, `refs/remotes/origin/${branch}`]
  const found = await Promise.all(
    refs.map((ref) => git(dir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])),
  )
  return found.filter(({ exitCode }) => exitCode === 0).map(({ stdout }) => stdout.trim())
}

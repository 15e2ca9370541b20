import { existsSync } from 'node:fs'
import { copyFile, lstat, mkdir, mkdtemp, readlink, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { RecipeError } from '../lib/errors.ts'
import { git, gitOk, withoutFilters } from './git.ts'
import type { RecipeRepo } from './model.ts'

/** What a run's own checkout may hold: a recipe is text, so more is a mistake or an attack. */
const TREE_LIMITS = { bytes: 64 * 1024 * 1024, files: 5000 } as const

interface TreeFile {
  readonly path: string
  readonly bytes: number
  /** The target, for a symbolic link. */
  readonly link?: string
}

/**
 * Writes the files of a commit, or of the work tree (tracked and untracked, not ignored), to `dest`, which must not exist or be
 * empty. Submodules are left out. Throws RecipeError `tree-too-big`, `symlink-outside`; nothing is written in these cases.
 */
export async function exportTree(repo: RecipeRepo, commit: string, dest: string): Promise<void> {
  const files = commit === 'worktree' ? await workTreeFiles(repo.dir) : await commitFiles(repo.dir, commit)
  assertBounded(files)
  for (const file of files) assertInside(file)
  await mkdir(dest, { recursive: true })
  if (commit === 'worktree') await copyFiles(repo.dir, files, dest)
  else await checkOut(repo.dir, commit, dest)
}

async function commitFiles(dir: string, commit: string): Promise<TreeFile[]> {
  const listing = await gitOk(dir, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit])
  const files: TreeFile[] = []
  for (const row of listing.split('\0').filter(Boolean)) {
    const match = /^(\d+) (\w+) ([0-9a-f]+) +(\d+|-)\t([\s\S]*)$/.exec(row)
    if (match?.[2] !== 'blob') continue
    const [, mode, , id = '', bytes, path = ''] = match
    const link = mode === '120000' ? await gitOk(dir, ['cat-file', 'blob', id]) : undefined
    files.push({ path, bytes: Number(bytes), ...(link === undefined ? {} : { link }) })
  }
  return files
}

async function workTreeFiles(dir: string): Promise<TreeFile[]> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']
  const paths = (await gitOk(dir, args)).split('\0').filter(Boolean)
  if (paths.length > TREE_LIMITS.files) throw tooBig(`${paths.length} files`)
  const files: TreeFile[] = []
  for (const path of paths) {
    const full = join(dir, path)
    if (!existsSync(full) && !(await isDanglingLink(full))) continue
    const stat = await lstat(full)
    if (stat.isSymbolicLink()) files.push({ path, bytes: 0, link: await readlink(full) })
    else if (stat.isFile()) files.push({ path, bytes: stat.size })
  }
  return files
}

async function isDanglingLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (stat) => stat.isSymbolicLink(),
    () => false,
  )
}

function assertBounded(files: readonly TreeFile[]): void {
  if (files.length > TREE_LIMITS.files) throw tooBig(`${files.length} files`)
  const bytes = files.reduce((total, file) => total + file.bytes, 0)
  if (bytes <= TREE_LIMITS.bytes) return
  const largest = files.reduce((a, b) => (b.bytes > a.bytes ? b : a))
  throw tooBig(`${bytes} bytes, the largest is ${largest.path} with ${largest.bytes}`)
}

function tooBig(found: string): RecipeError {
  return new RecipeError('tree-too-big', `the recipe has ${found}`, {
    hint: `A recipe may have ${TREE_LIMITS.files} files and ${TREE_LIMITS.bytes} bytes. Keep builds and media out of it.`,
  })
}

/** A link out of the tree would let a recipe have files of the host mounted as its configs. */
function assertInside({ path, link }: TreeFile): void {
  if (path.split('/').includes('..')) throw outside(path, path)
  if (link === undefined) return
  const target = posix.normalize(posix.join(posix.dirname(path), link))
  if (posix.isAbsolute(link) || target === '..' || target.startsWith('../')) throw outside(path, link)
}

function outside(path: string, target: string): RecipeError {
  return new RecipeError('symlink-outside', `${path} leads out of the recipe, to "${target}"`, {
    hint: 'Put the file itself into the recipe.',
    where: { file: path },
  })
}

async function copyFiles(dir: string, files: readonly TreeFile[], dest: string): Promise<void> {
  for (const { path, link } of files) {
    const to = join(dest, path)
    await mkdir(dirname(to), { recursive: true })
    if (link === undefined) await copyFile(join(dir, path), to)
    else await symlink(link, to)
  }
}

/** Through an index of our own, so that neither the repository's index nor its work tree is touched. */
async function checkOut(dir: string, commit: string, dest: string): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), 'cc-ci-index-'))
  const options = { env: { GIT_INDEX_FILE: join(temporary, 'index') }, config: await withoutFilters(dir) }
  try {
    await gitOk(dir, ['read-tree', commit], options)
    await gitOk(dir, ['checkout-index', '--all', '--quiet', `--prefix=${dest.replace(/\/*$/, '/')}`], options)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** The text of one file at a commit; null when the commit does not have it. Binary content comes out mangled. */
export async function fileAt(dir: string, commit: string, path: string): Promise<string | null> {
  const result = await git(dir, ['cat-file', 'blob', `${commit}:${path}`])
  return result.exitCode === 0 ? result.stdout : null
}

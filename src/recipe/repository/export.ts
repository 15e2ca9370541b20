import { existsSync } from 'node:fs'
import { copyFile, lstat, mkdir, readlink, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RecipeError } from '../../lib/errors.ts'
import { withScratch } from '../../lib/files/scratch.ts'
import type { RecipeRepo } from '../model.ts'
import { git, gitOk, withoutFilters } from './git.ts'
import { escapingLinks } from './links.ts'

/** What a run's own checkout may hold: a recipe is text, so more is a mistake or an attack. */
const TREE_LIMITS = { bytes: 64 * 1024 * 1024, files: 5000 } as const

/** Lists what is tested of a work tree. */
export const WORK_TREE_FILES = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']

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
  assertInside(files)
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
  const paths = (await gitOk(dir, WORK_TREE_FILES)).split('\0').filter(Boolean)
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
function assertInside(files: readonly TreeFile[]): void {
  for (const { path } of files) if (path.split('/').includes('..')) throw outside(path, path)
  const links = new Map(files.flatMap(({ path, link }) => (link === undefined ? [] : [[path, link] as const])))
  const [first] = escapingLinks(links)
  if (first !== undefined) throw outside(first, links.get(first) ?? '')
}

function outside(path: string, target: string): RecipeError {
  return new RecipeError('symlink-outside', `${path} leads out of the recipe, to "${target}"`, {
    hint: 'Put the file itself into the recipe.',
    where: { file: path },
  })
}

async function copyOne(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  if ((await lstat(from)).isSymbolicLink()) await symlink(await readlink(from), to)
  else await copyFile(from, to)
}

async function copyFiles(dir: string, files: readonly TreeFile[], dest: string): Promise<void> {
  for (const { path, link } of files) {
    const to = join(dest, path)
    await mkdir(dirname(to), { recursive: true })
    if (link === undefined) await copyFile(join(dir, path), to)
    else await symlink(link, to)
  }
}

/**
 * Through an index of our own, so that neither the repository's index nor its work tree is touched. Byte for byte as it was committed: attributes of git, which
 * change line ends, encodings and `$Id$`, would make other code of what was approved, and the operators' client knows none. They are read from the index or the work tree
 * where they lie, so that neither has them while files are written.
 */
async function checkOut(dir: string, commit: string, dest: string): Promise<void> {
  const gitDir = (await gitOk(dir, ['rev-parse', '--absolute-git-dir'])).replace(/\n$/, '')
  await withScratch('index', async (scratch) => {
    const env = { GIT_INDEX_FILE: join(scratch, 'index'), GIT_DIR: gitDir, GIT_WORK_TREE: scratch }
    const options = { env, config: [...(await withoutFilters(dir)), ...RAW] }
    const into = (folder: string) => ['checkout-index', '--all', '--quiet', `--prefix=${folder.replace(/\/*$/, '/')}`]
    await gitOk(scratch, ['read-tree', '--no-sparse-checkout', commit], options)
    const rows = await gitOk(scratch, ['ls-files', '-s', '-z', '--', ':(glob)**/.gitattributes'], options)
    const attributes = rows.split('\0').flatMap((row) => {
      const [, what = '', path = ''] = /^(\d+ [0-9a-f]+) 0\t([\s\S]+)$/.exec(row) ?? []
      return path === '' ? [] : [{ what, path }]
    })
    if (attributes.length === 0) return void (await gitOk(scratch, into(dest), options))
    const index = (args: string[], lines: string[]) =>
      gitOk(scratch, ['update-index', '-z', ...args], { ...options, input: lines.map((one) => `${one}\0`).join('') })
    await index(
      ['--force-remove', '--stdin'],
      attributes.map(({ path }) => path),
    )
    await gitOk(scratch, into(dest), options)
    // Under other names they have no effect on themselves.
    await gitOk(scratch, ['read-tree', '--empty'], options)
    await index(
      ['--index-info'],
      attributes.map(({ what }, number) => `${what}\t${number}`),
    )
    const aside = join(scratch, 'aside')
    await gitOk(scratch, into(aside), options)
    for (const [number, { path }] of attributes.entries()) await copyOne(join(aside, String(number)), join(dest, path))
  })
}

/** Files with attributes of the user's own count for nothing either. */
const RAW = [
  'core.attributesFile=/dev/null',
  'core.autocrlf=false',
  'core.eol=lf',
  'core.symlinks=true',
  'core.fileMode=true',
]

/** The text of one file at a commit; null when the commit does not have it. Binary content comes out mangled. */
export async function fileAt(dir: string, commit: string, path: string): Promise<string | null> {
  const result = await git(dir, ['cat-file', 'blob', `${commit}:${path}`])
  return result.exitCode === 0 ? result.stdout : null
}

// cspell:ignore symref
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KeyedMutex } from '../../lib/async/keyed-mutex.ts'
import { InfraError } from '../../lib/errors.ts'
import { randomId } from '../../lib/ids.ts'
import { commitId, repositoryName } from '../contract/request.ts'
import { type MirrorGit, mirrorGit, type Source } from './bundle-git.ts'

/** The commit under test in a bundle, whatever the branches are called. */
export const HEAD_REF = 'refs/cc-ci/head'
const MAX_FILE_BYTES = 2 * 1024 ** 3
/** By the folder of the mirror: one change at a time. */
export const mirrorMutex = new KeyedMutex()
/** In a mirror; when it was last used. */
export const USED_MARK = 'cc-ci-used'

export interface BundleOrder {
  /** Of `Forge.cloneSource`. */
  readonly source: Source
  /** `ORG/REPO`. */
  readonly repository: string
  /** Where the commit is found when no branch has it: the head of a pull request, by the forge's name for it. */
  readonly pullRef: string | null
  readonly commit: string
  /** `Forge.defaultBranch`; found out by git where it is not given. */
  readonly defaultBranch?: string
  /** Also taken along, as a branch of that name: the base of the pull request. Data, like every name. */
  readonly baseBranch?: string
  /** `<state>/server/mirrors`: one bare repository each below it, kept so that the next time only what is new comes over the wire. */
  readonly mirrorDir: string
  /** The bundle; put in place whole, by a rename. Its folder is made. */
  readonly file: string
  readonly signal?: AbortSignal
  /** Of one file of the mirror, the fetched pack above all. Default 2 GiB. */
  readonly maxFileBytes?: number
}

/**
 * Writes a git bundle for a worker: the commit as `refs/cc-ci/head`, the default branch, the base branch and all tags. Calls for one
 * repository wait for each other; different ones do not. Throws InfraError `git-failed` (the forge is gone, too large, too slow) and
 * `commit-not-found`; nothing is left at `file` then.
 */
export function writeBundle(order: BundleOrder): Promise<void> {
  const mirror = mirrorOf(order)
  return mirrorMutex.run(mirror, () => write(order, mirror))
}

async function write(order: BundleOrder, mirror: string): Promise<void> {
  const { signal } = order
  signal?.throwIfAborted()
  await mkdir(mirror, { recursive: true, mode: 0o700 })
  const git = mirrorGit(mirror, order.source, order.maxFileBytes ?? MAX_FILE_BYTES, signal)
  await git.ok(['init', '--quiet', '--bare', '.'])
  await writeFile(join(mirror, USED_MARK), '')
  const main = order.defaultBranch ?? (await defaultBranch(git, order.source))
  await fetch(git, order, main)
  if (!(await has(git, order.commit)))
    throw new InfraError('commit-not-found', `${order.repository} has no commit ${order.commit}`, { kind: 'gone' })
  await git.ok(['update-ref', HEAD_REF, order.commit])
  await mkdir(dirname(order.file), { recursive: true })
  const part = `${order.file}.part-${randomId(6)}`
  try {
    const refs = [HEAD_REF, `refs/heads/${main}`]
    if (order.baseBranch && order.baseBranch !== main) {
      const base = `refs/heads/${order.baseBranch}`
      if ((await git.run(['show-ref', '--verify', '--quiet', '--', base])).exitCode === 0) refs.push(base)
    }
    const tags = (await git.ok(['for-each-ref', '--format=%(refname)', 'refs/tags'])).split('\n').filter(Boolean)
    await git.ok(['bundle', 'create', '--quiet', part, '--stdin'], `${[...refs, ...tags].join('\n')}\n`)
    await rename(part, order.file)
  } finally {
    await rm(part, { force: true })
  }
}

/** Branches and tags as the forge has them now; what it no longer has goes, so that a moved or deleted tag is not handed on. */
async function fetch(git: MirrorGit, order: BundleOrder, main: string): Promise<void> {
  const branches = [...new Set([main, ...(order.baseBranch ? [order.baseBranch] : [])])]
  const there = new Set(
    (await git.ok(['ls-remote', '--heads', '--', order.source.url]))
      .split('\n')
      .map((line) => line.split('\t')[1] ?? '')
      .filter(Boolean),
  )
  const wanted = branches.map((name) => `refs/heads/${name}`).filter((ref) => there.has(ref))
  const options = ['fetch', '--quiet', '--no-tags', '--prune', '--no-write-fetch-head', '--no-auto-maintenance']
  const specs = [...wanted.map((ref) => `+${ref}:${ref}`), '+refs/tags/*:refs/tags/*']
  await git.ok([...options, '--stdin', '--', order.source.url], `${specs.join('\n')}\n`)
  if (await has(git, order.commit)) return
  const ref = order.pullRef
  if (ref !== null) {
    await git.run([...options, '--stdin', '--', order.source.url], `+${ref}:${ref}\n`)
    if (await has(git, order.commit)) return
  }
  // A head that was pushed over since, or another branch's: by its id, where the forge allows it.
  await git.run([...options, '--stdin', '--', order.source.url], `${order.commit}\n`)
}

async function has(git: MirrorGit, commit: string): Promise<boolean> {
  return (await git.run(['cat-file', '-e', `${commit}^{commit}`])).exitCode === 0
}

async function defaultBranch(git: MirrorGit, source: Source): Promise<string> {
  const said = await git.ok(['ls-remote', '--symref', '--', source.url, 'HEAD'])
  const name = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(said)?.[1]
  if (name) return name
  throw new InfraError('git-failed', 'the repository has no default branch', { kind: 'upstream' })
}

function mirrorOf({ repository, commit, mirrorDir }: BundleOrder): string {
  if (!repositoryName.safeParse(repository).success || !commitId.safeParse(commit).success)
    throw new InfraError('git-failed', 'a repository is ORG/REPO and a commit has 40 hex digits', { kind: 'upstream' })
  const [owner, name] = repository.toLowerCase().split('/') as [string, string]
  return join(mirrorDir, owner, `${name}.git`)
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { type Account, basic } from './gitea-api.ts'

export interface CommitOrder {
  readonly url: string
  readonly as: Account
  readonly repository: string
  readonly branch: string
  /** Path to text, or null: delete. */
  readonly files: Readonly<Record<string, string | null>>
  readonly message?: string
  /** Branch, tag or commit to begin from where the branch is new, or with `force`. Default: the branch itself, else the default branch. */
  readonly from?: string
  /** Replace what the branch has by one commit on top of `from` (its parent where there is no `from`). */
  readonly force?: boolean
  /** Annotated tags to put on the new commit. */
  readonly tags?: readonly string[]
  /** ISO 8601: author and committer date. Default: now. */
  readonly date?: string
}

/** Commits to a branch and pushes it over HTTP as this account. Gives the commit (40 hex). */
export async function commitFiles(order: CommitOrder): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'cc-ci-push-'))
  try {
    const git = (...args: string[]) => runGit(work, order.as, args, order.date)
    await git('clone', '-q', `${order.url}/${order.repository}.git`, '.')
    await git('checkout', '-q', '-B', order.branch, ...(await start(order, git)))
    for (const [path, text] of Object.entries(order.files)) await put(join(work, path), text)
    await git('add', '-A')
    await git('commit', '-q', '--allow-empty', '-m', order.message ?? 'a change')
    for (const tag of order.tags ?? []) await git('tag', '-a', '-m', tag, tag)
    const refs = [`HEAD:refs/heads/${order.branch}`, ...(order.tags ?? []).map((tag) => `refs/tags/${tag}`)]
    await git('push', '-q', ...(order.force ? ['--force'] : []), 'origin', ...refs)
    return (await git('rev-parse', 'HEAD')).trim()
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Moves a branch to a commit it has had before, or to another branch's. */
export async function forcePush(order: Omit<CommitOrder, 'files'> & { readonly to: string }): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'cc-ci-push-'))
  try {
    const git = (...args: string[]) => runGit(work, order.as, args)
    await git('clone', '-q', `${order.url}/${order.repository}.git`, '.')
    if (/^[0-9a-f]{40}$/.test(order.to)) await git('fetch', '-q', 'origin', order.to)
    await git('push', '-q', '--force', 'origin', `${order.to}:refs/heads/${order.branch}`)
    return (await git('rev-parse', order.to)).trim()
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** git as this account, credentials by environment. */
export async function runGit(dir: string, as: Account | null, args: readonly string[], date?: string): Promise<string> {
  const header = as && { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.extraHeader' }
  const name = as?.login ?? 'nobody'
  const { stdout } = await execOk('git', args, {
    cwd: dir,
    timeoutMs: 60_000,
    env: {
      ...inheritedEnv(),
      ...header,
      ...(as ? { GIT_CONFIG_VALUE_0: `Authorization: ${basic(as)}` } : {}),
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: `${name}@example.org`,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: `${name}@example.org`,
      ...(date ? { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date } : {}),
    },
  })
  return stdout
}

async function start(order: CommitOrder, git: (...args: string[]) => Promise<string>): Promise<string[]> {
  const known = async (name: string) =>
    git('rev-parse', '--verify', '-q', `${name}^{commit}`).then(
      (text) => text.trim(),
      () => null,
    )
  if (order.from) return [(await known(`origin/${order.from}`)) ?? order.from]
  const own = await known(`origin/${order.branch}`)
  if (own && order.force) return [(await known(`${own}^`)) ?? own]
  const first = own ?? (await known('origin/HEAD'))
  return first ? [first] : []
}

async function put(file: string, text: string | null): Promise<void> {
  if (text === null) return rm(file, { recursive: true, force: true })
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

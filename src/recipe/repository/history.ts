// cspell:ignore partialclone reflogs symref
import { mkdir, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { shellWord } from '../../lib/text/shell-word.ts'
import type { History, RecipeRepo } from '../model.ts'
import { git, gitOk, TRANSPORTS, uploadArgs } from './git.ts'
import { isFetchable, isUrl, withoutCredentials } from './url.ts'
import { type TaggedVersions, versionsOf } from './versions.ts'

const FETCH_DEADLINE_MS = 120_000

interface Remote {
  readonly name: string
  readonly url: string
}

/**
 * What the clone at `dir` itself tells about how it was made. Where there is no version tag, that means "never released" only in a
 * repository that was begun here, was cloned with its tags, or has nowhere to ask.
 */
export async function knownHistory(dir: string, { versions, lightweightTags }: TaggedVersions): Promise<History> {
  const remote = await remoteOf(dir)
  const shallow = (await gitOutput(dir, ['rev-parse', '--is-shallow-repository'])) === 'true'
  if (!remote && !shallow) return { kind: 'whole' }
  const option = `remote.${remote?.name}.tagOpt`
  const withoutTags = (await gitOutput(dir, ['config', '--get', option])) === '--no-tags'
  const at = `git -C ${shellWord(dir)}`
  const lacksObjects = await isPartialClone(dir)
  const remedy = [
    ...(withoutTags ? [`${at} config --unset-all ${shellWord(option)}`] : []),
    `${at} fetch ${shallow ? '--unshallow ' : ''}${lacksObjects ? '--refetch --no-filter ' : ''}--tags ${remote ? shellWord(remote.name) : 'URL'}`,
  ].join(' && ')
  if (shallow) return { kind: 'partial', lacks: 'this clone is shallow', remedy }
  if (lacksObjects) return { kind: 'partial', lacks: 'this clone was made with a filter', remedy }
  if (withoutTags) return { kind: 'partial', lacks: 'this clone was made without tags', remedy }
  if (versions.length + lightweightTags.length > 0 || (await beganWhole(dir))) return { kind: 'whole' }
  return { kind: 'partial', lacks: 'no version tag was fetched into this clone', remedy }
}

/** What a clone made with `--filter` lacks git would fetch as it is needed. We do not let it, and fetch the whole where something is missing. */
async function isPartialClone(dir: string): Promise<boolean> {
  if ((await gitOutput(dir, ['config', '--get-regexp', '^(extensions\\.partialclone|remote\\..*\\.promisor)$'])) === '')
    return false
  const { exitCode, stdout } = await git(dir, ['rev-list', '--objects', '--all', 'HEAD', '--missing=print'])
  return exitCode !== 0 || /^\?/m.test(stdout)
}

/** The first entry of the log of HEAD: `git clone` brings all tags, and what was begun here has its own. CI systems fetch one branch by hand. */
async function beganWhole(dir: string): Promise<boolean> {
  const log = await gitOutput(dir, ['log', '--walk-reflogs', '--format=%gs', 'HEAD'])
  return /^(clone: |commit \(initial\): )/.test(log.split('\n').at(-1) ?? '')
}

async function remoteOf(dir: string): Promise<Remote | null> {
  const rows = (await gitOutput(dir, ['config', '--get-regexp', '^remote\\..*\\.url$'])).split('\n')
  const remotes = rows.flatMap((row) => {
    const [, name, url] = /^remote\.(.+)\.url (.+)$/.exec(row) ?? []
    return name && url ? [{ name, url }] : []
  })
  return remotes.find(({ name }) => name === 'origin') ?? remotes[0] ?? null
}

/**
 * The repository with the history and the tags that it lacks. They are fetched from its origin into `into`, which then stands for the
 * repository wherever commits are read: neither what `git fetch` would change in `repo.dir` nor the configuration there plays a part. Where
 * the origin cannot be asked, the history stays `partial` and says why.
 */
export async function wholeHistory(repo: RecipeRepo, into: string): Promise<RecipeRepo> {
  const { history } = repo
  if (history.kind !== 'partial') return repo
  await rm(into, { recursive: true, force: true })
  const remote = await remoteOf(repo.dir)
  if (!remote) return partly(repo, history, 'it has no remote to ask')
  if (!isFetchable(remote.url)) return partly(repo, history, 'its remote has a kind of URL that is not allowed')
  const url = isUrl(remote.url) ? remote.url : resolve(repo.dir, remote.url)
  const shown = withoutCredentials(url)
  const words = await fetchAll(repo, url, into)
  if (words !== null) return partly(repo, history, `${shown} could not be asked: ${words.replaceAll(url, shown)}`)
  if ((await gitOutput(into, ['rev-parse', '--is-shallow-repository'])) === 'true')
    return partly(repo, history, `${shown} does not have all of it either`)
  const { lacks } = history
  return { ...repo, dir: into, ...(await versionsOf(into)), history: { kind: 'fetched', lacks, origin: shown } }
}

function partly(repo: RecipeRepo, history: History & { readonly kind: 'partial' }, why: string): RecipeRepo {
  return { ...repo, history: { ...history, why } }
}

const FETCH = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-recurse-submodules',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
]

/** Everything of the origin, then what only the clone has: commits, branches and tags not pushed yet. Null, or why it cannot be. */
async function fetchAll(repo: RecipeRepo, url: string, into: string): Promise<string | null> {
  await mkdir(into, { recursive: true })
  await gitOk(into, ['init', '--quiet', '--template=', '--initial-branch=cc-ci-history'])
  const listed = await git(into, ['ls-remote', ...uploadArgs(url), '--symref', '--', url, 'HEAD'], {
    protocols: TRANSPORTS,
  })
  if (listed.exitCode !== 0) return wordsOf(listed)
  const specs = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']
  const fetchOptions = { timeoutMs: FETCH_DEADLINE_MS, protocols: TRANSPORTS }
  const fetched = await git(into, [...FETCH, ...uploadArgs(url), '--', url, ...specs], fetchOptions)
  if (fetched.exitCode !== 0) return wordsOf(fetched)
  const main = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(listed.stdout)?.[1]
  if (main) await gitOk(into, ['symbolic-ref', 'refs/remotes/origin/HEAD', `refs/remotes/origin/${main}`])
  const { commit } = repo.head
  // The head of a pull request is on no branch: by its id, where the forge allows it.
  if (!(await has(into, commit))) await git(into, [...FETCH, ...uploadArgs(url), '--', url, commit], fetchOptions)
  const own = ['+HEAD:refs/cc-ci/head', '+refs/heads/*:refs/heads/*', 'refs/tags/*:refs/tags/*']
  const local = await git(into, [...FETCH, ...uploadArgs(repo.dir), '--update-shallow', '--', repo.dir, ...own], {
    protocols: ['file'],
  })
  // A tag that is another one at the origin is refused here, and the origin's stays.
  return (await has(into, commit)) ? null : wordsOf(local)
}

async function has(dir: string, commit: string): Promise<boolean> {
  return (await git(dir, ['cat-file', '-e', `${commit}^{commit}`])).exitCode === 0
}

function wordsOf({ timedOut, stderr }: { readonly timedOut: boolean; readonly stderr: string }): string {
  return timedOut ? 'it did not answer in time' : (stderr.trim().split('\n')[0] ?? '')
}

/** What git printed; empty where it has nothing to say. */
async function gitOutput(dir: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await git(dir, args)
  return exitCode === 0 ? stdout.trim() : ''
}

import type { Dirent } from 'node:fs'
import { readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomId } from '../../lib/ids.ts'
import { mirrorMutex, USED_MARK } from './bundle.ts'
import { type MirrorGit, mirrorGit } from './bundle-git.ts'

export interface TidyOrder {
  readonly mirrorDir: string
  /** `org/repo`, in lower case. */
  readonly isEnrolled: (repository: string) => Promise<boolean>
  /** What all mirrors may take on the disk together; null: no limit. */
  readonly maxBytes: number | null
  /** Epoch ms. */
  readonly now: number
  readonly signal?: AbortSignal
  /** One that is larger is packed as soon as something was fetched, others once a day. Default 256 MiB. */
  readonly largeBytes?: number
}

export interface TidyResult {
  /** What was fetched for pull requests has gone from these. */
  readonly packed: readonly string[]
  readonly removed: readonly {
    readonly repository: string
    readonly why: 'not enrolled' | 'no room' | 'cannot be packed'
  }[]
  /** What the mirrors take now. */
  readonly bytes: number
}

const TIDIED_MARK = 'cc-ci-tidied'
const GONE = '.gone-'
const DAY_MS = 24 * 3_600_000
const LARGE_BYTES = 256 * 1024 ** 2
/** Of one file: what the fetch allowed, twice, since all packs become one. */
const MAX_FILE_BYTES = 4 * 1024 ** 3

/**
 * Gives disk back that mirrors took. Of a mirror that was used, all goes that only pull requests had: what a later run needs of it is fetched again. Mirrors of what is
 * enrolled no more go, and so do those that were not used for longest, until the rest is within the limit. Bundles of the same repository wait.
 */
export async function tidyMirrors(order: TidyOrder): Promise<TidyResult> {
  const { mirrorDir, isEnrolled, maxBytes, signal } = order
  const packed: string[] = []
  const removed: TidyResult['removed'][number][] = []
  const left: { repository: string; dir: string; bytes: number; usedAt: number }[] = []
  for (const { repository, dir } of await mirrorsIn(mirrorDir)) {
    signal?.throwIfAborted()
    const why = (await isEnrolled(repository)) ? await tidy(order, dir) : 'not enrolled'
    if (why === 'packed') packed.push(repository)
    else if (why !== null) {
      await removeMirror(dir)
      removed.push({ repository, why })
      continue
    }
    left.push({ repository, dir, bytes: await bytesIn(dir), usedAt: await timeOf(join(dir, USED_MARK)) })
  }
  let bytes = left.reduce((sum, one) => sum + one.bytes, 0)
  for (const one of left.sort((a, b) => a.usedAt - b.usedAt)) {
    if (maxBytes === null || bytes <= maxBytes) break
    await removeMirror(one.dir)
    removed.push({ repository: one.repository, why: 'no room' })
    bytes -= one.bytes
  }
  return { packed, removed, bytes }
}

async function tidy(
  { now, signal, largeBytes = LARGE_BYTES }: TidyOrder,
  dir: string,
): Promise<'packed' | 'cannot be packed' | null> {
  const mark = join(dir, TIDIED_MARK)
  const [usedAt, tidiedAt] = [await timeOf(join(dir, USED_MARK)), await timeOf(mark)]
  if (usedAt <= tidiedAt) return null
  if (now - tidiedAt < DAY_MS && (await bytesIn(dir)) < largeBytes) return null
  try {
    await mirrorMutex.run(dir, () => pack(mirrorGit(dir, NOBODY, MAX_FILE_BYTES, signal)))
  } catch {
    signal?.throwIfAborted()
    // It is only a copy: the next bundle makes a new one.
    return 'cannot be packed'
  }
  await writeFile(mark, '')
  await utimes(mark, now / 1000, now / 1000)
  return 'packed'
}

/** Nothing is fetched. */
const NOBODY = { url: 'http://nobody.invalid/', authorization: null }

async function pack(git: MirrorGit): Promise<void> {
  const refs = (await git.ok(['for-each-ref', '--format=%(refname)'])).split('\n').filter(Boolean)
  const others = refs.filter((ref) => !/^refs\/(heads|tags)\//.test(ref))
  if (others.length > 0) await git.ok(['update-ref', '--stdin'], others.map((ref) => `delete ${ref}\n`).join(''))
  // Without -A: what no ref reaches is not kept.
  await git.ok(['repack', '-a', '-d', '-q'])
  await git.ok(['prune', '--expire=now'])
}

/** In one step, so that nobody ever meets a part of one. */
async function removeMirror(dir: string): Promise<void> {
  const aside = `${dir}${GONE}${randomId(6)}`
  await mirrorMutex.run(dir, () => rename(dir, aside))
  await rm(aside, { recursive: true, force: true, maxRetries: 3 })
}

/** What a killed removal left goes at once. */
async function mirrorsIn(mirrorDir: string): Promise<{ repository: string; dir: string }[]> {
  const found: { repository: string; dir: string }[] = []
  for (const owner of await foldersIn(mirrorDir))
    for (const name of await foldersIn(join(mirrorDir, owner))) {
      const dir = join(mirrorDir, owner, name)
      if (name.includes(GONE)) await rm(dir, { recursive: true, force: true })
      else if (name.endsWith('.git')) found.push({ repository: `${owner}/${name.slice(0, -'.git'.length)}`, dir })
    }
  return found
}

async function foldersIn(dir: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(dir, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

async function bytesIn(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries)
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  return bytes
}

/** 0: there is no such file. */
async function timeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.mtimeMs ?? 0
}

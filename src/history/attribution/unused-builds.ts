import { existsSync, lstatSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf } from '../../lib/errors.ts'
import { tryMachineLock } from '../../lib/process/machine-lock.ts'
import { buildLock, buildsDir, packagesDir, packagesLock } from './tool-build.ts'

export interface UnusedBuild {
  readonly kind: 'checkout' | 'packages'
  /** A commit of cc-ci, or a digest of lock files. */
  readonly name: string
  /** Of files, as they were before. */
  readonly bytes: number
  /** Why it is still there; null: it went, or would go. */
  readonly failure: string | null
}

export interface UnusedBuildsQuery {
  readonly state: string
  /** Since it was last used, in ms. */
  readonly olderThanMs: number
  /** Epoch ms. */
  readonly now: number
  readonly dryRun: boolean
}

/** Whatever is asked for: an attribution continues for hours, and notes a use only when it begins with a build. */
const LEAST_MS = 24 * 3_600_000

/**
 * Removes the checkouts of cc-ci that `cc-ci ab` made and has not used for so long, and packages that no checkout is linked to any more; an attribution
 * that needs one again makes it again. The runs of a build, below its `state`, stay: they are the memory. What is in use right now is left alone.
 */
export async function removeUnusedBuilds(question: UnusedBuildsQuery): Promise<UnusedBuild[]> {
  const { state } = question
  const checkouts = await removeAll(
    namesIn(buildsDir(state)).flatMap((commit) => {
      const dir = join(buildsDir(state), commit)
      const ready = join(dir, 'ready.json')
      // Also those that were killed while they were made, without `ready.json`.
      const made = namesIn(dir)
        .filter((name) => name.startsWith('checkout'))
        .map((name) => join(dir, name))
      const [used] = existsSync(ready) ? [ready] : made
      if (made.length === 0 || used === undefined) return []
      return [{ kind: 'checkout' as const, name: commit, used, paths: [ready, ...made], lock: buildLock(dir) }]
    }),
    question,
  )
  const gone = checkouts.filter(({ failure }) => failure === null).map(({ name }) => name)
  const linked = linkedPackages(state, gone)
  const packages = await removeAll(
    namesIn(packagesDir(state))
      .filter((name) => !linked.has(name))
      .map((name) => {
        const dir = join(packagesDir(state), name)
        return { kind: 'packages' as const, name, used: dir, paths: [dir], lock: packagesLock(dir) }
      }),
    question,
  )
  return [...checkouts, ...packages]
}

interface Removable extends Pick<UnusedBuild, 'kind' | 'name'> {
  /** Its time is that of the last use. */
  readonly used: string
  readonly paths: readonly string[]
  readonly lock: string
}

async function removeAll(all: readonly Removable[], question: UnusedBuildsQuery): Promise<UnusedBuild[]> {
  const done: UnusedBuild[] = []
  for (const one of all) {
    if (!isOld(one.used, question)) continue
    const { kind, name, paths } = one
    const bytes = paths.reduce((sum, path) => sum + bytesBelow(path), 0)
    done.push({ kind, name, bytes, failure: question.dryRun ? null : await remove(one, question) })
  }
  return done
}

/** Why it is still there; null: it went. */
async function remove({ used, paths, lock: name }: Removable, question: UnusedBuildsQuery): Promise<string | null> {
  using lock = await tryMachineLock(name)
  // An attribution may have come to use it since it was looked at.
  if (!lock || !isOld(used, question)) return 'an attribution uses it again'
  try {
    for (const path of paths) rmSync(path, { recursive: true, force: true })
    return null
  } catch (error) {
    return messageOf(error)
  }
}

/** Names of packages that a checkout is linked to, but for those of these commits. */
function linkedPackages(state: string, gone: readonly string[]): ReadonlySet<string> {
  const left = namesIn(buildsDir(state)).filter((commit) => !gone.includes(commit))
  const links = left.map((commit) => join(buildsDir(state), commit, 'checkout', 'node_modules'))
  const there = links.filter((link) => lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink())
  return new Set(there.map((link) => basename(dirname(readlinkSync(link)))))
}

function isOld(path: string, { olderThanMs, now }: UnusedBuildsQuery): boolean {
  const facts = statSync(path, { throwIfNoEntry: false })
  return facts !== undefined && now - facts.mtimeMs >= Math.max(olderThanMs, LEAST_MS)
}

function bytesBelow(path: string): number {
  const facts = lstatSync(path, { throwIfNoEntry: false })
  if (!facts) return 0
  if (!facts.isDirectory()) return facts.size
  return namesIn(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0)
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort()
  } catch {
    return []
  }
}

import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { ForgeError } from '../contract/errors.ts'
import type { Forge } from '../contract/forge.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Store } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import type { Replies } from '../publishing/replies.ts'
import { type Drift, recordMirrorState } from './last-seen.ts'

export interface ReconcileDeps {
  readonly store: Pick<Store, 'enrollments'>
  readonly forge: Forge
  readonly replies: Replies
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly clock: Pick<Clock, 'now'>
  readonly settings: Pick<ServerSettings, 'state'>
}

/** What one mirror was found to be. */
export interface MirrorReport {
  readonly mirror: string
  readonly upstream: string
  /** The mirror's default branch; null where it could not be asked. */
  readonly branch: string | null
  /** Null where it is unknown; then `problem` says why. */
  readonly drift: Drift | null
  /** Pull requests that were closed since upstream has them. */
  readonly closed: readonly number[]
  readonly problem: string | null
}

/** A branch and where it points. */
interface Tip {
  readonly branch: string
  readonly commit: string
}

/**
 * Looks at every enrolled mirror once: tells how it drifted from upstream, a repository of the same forge, and closes pull requests that upstream
 * has already. May be repeated; what was seen last is kept for people. What one mirror's forge refuses is that mirror's `problem`; a forge or database that is
 * gone ends the round by throwing.
 */
export async function reconcileMirrors(deps: ReconcileDeps, signal: AbortSignal): Promise<readonly MirrorReport[]> {
  const reports: MirrorReport[] = []
  for (const { name, mirrorOf } of await deps.store.enrollments()) {
    if (signal.aborted) break
    if (mirrorOf === null) continue
    const report = await reconcileOne(deps, { name, mirrorOf })
    const log = report.drift === 'same' && report.problem === null ? deps.log.info : deps.log.warn
    log.call(deps.log, { ...report }, 'mirror compared with upstream')
    const { mirror, upstream, branch, drift, problem } = report
    const at = new Date(deps.clock.now()).toISOString()
    await recordMirrorState(deps.settings.state, { name: mirror, upstream, branch, drift, problem, at })
    reports.push(report)
  }
  return reports
}

async function reconcileOne(
  deps: ReconcileDeps,
  { name: mirror, mirrorOf: upstream }: Pick<Enrollment, 'name'> & { readonly mirrorOf: string },
): Promise<MirrorReport> {
  let drift: Drift | null = null
  let branch: string | null = null
  const closed: number[] = []
  const report = (problem: string | null): MirrorReport => ({ mirror, upstream, branch, drift, closed, problem })
  if (!mirror.includes('/')) return report('an organisation mirrors no single repository: enroll ORG/REPO')
  if (mirror.toLowerCase() === upstream.toLowerCase()) return report('a repository is no mirror of itself')
  try {
    const ours = await tipOf(deps.forge, mirror)
    branch = ours?.branch ?? null
    const theirs = await tipOf(deps.forge, upstream)
    if (!ours || !theirs) return report(`${ours ? upstream : mirror} has no one commit of its default branch's name`)
    drift = await driftOf(deps.forge, { mirror, upstream, ours, theirs })
    await closeContainedPulls(deps, { mirror, upstream, into: ours.branch, theirs }, (number) => closed.push(number))
    return report(null)
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code === 'forge-gone') throw error
    return report(messageOf(error))
  }
}

async function tipOf(forge: Forge, repository: string): Promise<Tip | null> {
  const branch = await forge.defaultBranch(repository)
  const commit = await forge.resolveCommit(repository, branch)
  return commit === null ? null : { branch, commit }
}

async function driftOf(
  forge: Forge,
  {
    mirror,
    upstream,
    ours,
    theirs,
  }: { readonly mirror: string; readonly upstream: string; readonly ours: Tip; readonly theirs: Tip },
): Promise<Drift> {
  if (ours.commit === theirs.commit) return 'same'
  if (await forge.isContained(upstream, ours.commit, theirs.commit)) return 'behind'
  return (await forge.isContained(mirror, theirs.commit, ours.commit)) ? 'ahead' : 'diverged'
}

interface CloseDeps {
  readonly forge: Forge
  readonly replies: Replies
}

interface Mirror {
  readonly mirror: string
  readonly upstream: string
  /** The mirror's default branch: pull requests into others are somebody's own affair. */
  readonly into: string
  readonly theirs: Tip
}

/**
 * Closes the mirror's open pull requests whose head upstream's branch contains, and tells each of them why first: a crash between says the same
 * again. A head that was pushed meanwhile is left for the next round. Throws ForgeError.
 */
async function closeContainedPulls(
  { forge, replies }: CloseDeps,
  { mirror, upstream, into, theirs }: Mirror,
  done: (number: number) => void,
): Promise<void> {
  for (const { number, author, head, base } of await forge.openPulls(mirror)) {
    if (base.ref !== into || !(await forge.isContained(upstream, head.sha, theirs.commit))) continue
    const now = await forge.pull(mirror, number)
    if (now.state !== 'open' || now.head.sha !== head.sha) continue
    const to = { repository: mirror, pull: number, login: author, head: head.sha, comment: null }
    await replies.reply(to, { kind: 'already-upstream', upstream, commit: head.sha })
    await forge.closePull(mirror, number)
    done(number)
  }
}

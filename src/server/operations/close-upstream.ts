import type { Forge } from '../contract/forge.ts'
import type { Replies } from '../publishing/replies.ts'
import type { Tip } from './reconcile.ts'

interface Parts {
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
export async function closeWhatIsUpstream(
  { forge, replies }: Parts,
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

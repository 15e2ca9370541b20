import { z } from 'zod'
import { driftFiles } from '../storage/files/documents.ts'

/**
 * How the default branch of a mirror stands to upstream's: `same`; `behind`, upstream has all of it and more; `ahead`, it has all of upstream and
 * more; `diverged`, each has something of its own.
 */
export const DRIFTS = ['same', 'behind', 'ahead', 'diverged'] as const
export type Drift = (typeof DRIFTS)[number]

const shape = z.object({
  /** The mirror, `ORG/REPO`. */
  name: z.string(),
  upstream: z.string(),
  /** The mirror's default branch; null where it could not be asked. */
  branch: z.string().nullable(),
  drift: z.enum(DRIFTS).nullable(),
  problem: z.string().nullable(),
  /** ISO 8601: when it was looked at. */
  at: z.iso.datetime(),
})

/** What a mirror was found to be when it was last compared with upstream: in a file, so that every server of the state folder says the same. */
export type MirrorState = z.infer<typeof shape>

export function recordMirrorState(state: string, seen: MirrorState): Promise<void> {
  return driftFiles(state, shape).write(seen)
}

/** All that were ever seen, by name in lower case. Damaged files tell nothing. */
export async function readMirrorStates(state: string): Promise<ReadonlyMap<string, MirrorState>> {
  const all = await driftFiles(state, shape).read(() => {})
  return new Map(all.map((seen) => [seen.name.toLowerCase(), seen]))
}

interface Mirror {
  readonly name: string
  readonly mirrorOf: string | null
}

/** What is known of an enrollment: null where it is no mirror, or was not compared with this upstream yet. */
export function stateOfMirror({ name, mirrorOf }: Mirror, all: ReadonlyMap<string, MirrorState>): MirrorState | null {
  const seen = all.get(name.toLowerCase())
  return seen && seen.upstream.toLowerCase() === mirrorOf?.toLowerCase() ? seen : null
}

/** One line for people, without markup; null: there is nothing to tell. */
export function driftText({ upstream, branch, drift, problem }: MirrorState): string | null {
  if (drift === 'same' && problem === null) return null
  if (drift === null || drift === 'same') return `not compared with ${upstream}: ${problem ?? 'nobody looked yet'}`
  return `${branch ?? 'the default branch'} differs from upstream ${upstream}: ${WORDS[drift]}`
}

const WORDS = {
  behind: 'behind, upstream has commits that are missing here',
  ahead: 'ahead, it has commits that upstream lacks',
  diverged: 'diverged, each has commits that the other lacks',
} as const satisfies Record<Exclude<Drift, 'same'>, string>

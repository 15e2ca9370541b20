/** What may be pruned of a run folder. `whole`: folders that hold nothing else, which go in one step. */
interface Kind {
  readonly title: string
  /** Paths below the run folder; the first kind that matches has it. */
  readonly holds: RegExp
  readonly whole: readonly string[]
}

/**
 * The kinds, and by omission what is kept forever: run.json, events.ndjson, results.json, the files of a server, and whatever nobody has
 * thought of. A folder that is a symbolic link matches by its own name, and is removed as the link that it is.
 */
const KINDS = {
  logs: { title: 'logs', holds: /^logs(\/|$)/, whole: ['logs'] },
  pictures: { title: 'pictures', holds: /^artifacts\/.*\.png$/, whole: [] },
  // Both are views: the events, which stay, say all that they say.
  report: { title: 'report', holds: /^(report\.html|artifacts\/junit\.xml)$/, whole: [] },
  traces: { title: 'traces', holds: /^artifacts(\/|$)/, whole: [] },
  checkouts: {
    title: 'checkouts',
    holds: /^checkout(-base|-via)?(\/|$)/,
    whole: ['checkout', 'checkout-base', 'checkout-via'],
  },
} as const satisfies Record<string, Kind>

export type PruneKind = keyof typeof KINDS
export const PRUNE_KINDS = Object.keys(KINDS) as [PruneKind, ...PruneKind[]]

/** The kind of a path below the run folder, `/` between its parts; null: kept forever. */
export function kindOf(path: string): PruneKind | null {
  return PRUNE_KINDS.find((kind) => KINDS[kind].holds.test(path)) ?? null
}

export function titleOf(kind: PruneKind): string {
  return KINDS[kind].title
}

export function wholeFolders(kind: PruneKind): readonly string[] {
  return KINDS[kind].whole
}

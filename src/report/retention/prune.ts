import type { PruneOutcome } from '../../history/retention/outcome.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { formatSize } from '../../lib/text/size.ts'

/** A prune for a person: what went or would go, by kind and by run, what was left alone and why, and what the folders hold now. */
export function pruneText(outcome: PruneOutcome): string {
  const { pruned, kept, within, bare, builds, failures, after } = outcome
  const rows = [
    ...wentRows(outcome),
    ...pruned.map(({ run, why, kinds }) => {
      const all = kinds.reduce((sum, { bytes }) => sum + bytes, 0)
      return `  ${run}  ${why.padEnd(8)}${formatSize(all).padStart(9)}  ${kinds.map(({ kind }) => kind).join(', ')}`
    }),
    ...(kept.length > 0 ? [`left alone: ${runs(kept.length)}`] : []),
    ...kept.map(
      ({ run, reason, words, bytes }) => `  ${run}  ${reason.padEnd(8)}${formatSize(bytes).padStart(9)}  ${words}`,
    ),
    ...builds.map(buildRow(outcome)),
    ...failures.map(({ run, message }) => `could not be removed: ${run}: ${message}`),
    `${runs(after.runs)} with ${formatSize(after.bytes)} ${outcome.dryRun ? 'would stay' : 'here now'}: ${within} within the limits, ${bare} pruned earlier or with nothing to prune`,
    ...overRows(outcome),
  ]
  return `${rows.join('\n')}\n`
}

const buildRow =
  ({ dryRun }: PruneOutcome) =>
  ({ kind, name, bytes, failure }: PruneOutcome['builds'][number]) => {
    const what = `${kind === 'checkout' ? 'cc-ci' : 'packages'} ${name.slice(0, 12)}, ${formatSize(bytes)}`
    if (failure !== null) return `could not be removed: ${what}: ${failure}`
    return `${dryRun ? 'would remove' : 'removed'} ${what}: no attribution uses it any more`
  }

function wentRows({ dryRun, kinds, pruned, policy, before, after }: PruneOutcome): string[] {
  if (pruned.length === 0) return [`nothing to prune: ${limits(policy)}`]
  const parts = kinds.map(
    ({ kind, files, bytes }) => `  ${kind.padEnd(10)}${formatSize(bytes).padStart(9)}  ${files} files`,
  )
  const verb = dryRun ? 'would free' : 'freed'
  return [`${verb} ${formatSize(before.bytes - after.bytes)} of ${runs(pruned.length)}: ${limits(policy)}`, ...parts]
}

function overRows({ policy: { maxBytes }, after }: PruneOutcome): string[] {
  if (maxBytes === null || after.bytes <= maxBytes) return []
  return [
    `that is more than ${formatSize(maxBytes)}: the rest is results, which are kept forever, and what is left alone`,
  ]
}

function limits({ olderThanMs, maxBytes }: PruneOutcome['policy']): string {
  const said = [
    ...(olderThanMs === null ? [] : [`older than ${formatDuration(olderThanMs)}`]),
    ...(maxBytes === null ? [] : [`more than ${formatSize(maxBytes)} together`]),
  ]
  return said.length === 0 ? 'no limit is set' : said.join(', or ')
}

function runs(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`
}

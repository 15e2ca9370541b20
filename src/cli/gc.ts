import { Engine } from '../engine/client.ts'
import { parseMaxBytes, parseOlderThan, RETENTION_DEFAULTS } from '../history/retention/policy.ts'
import { pruneRuns } from '../history/retention/prune.ts'
import { systemClock } from '../lib/clock.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { stateDir } from '../machine/state-dir.ts'
import { pruneText } from '../report/prune.ts'
import { clearDeadRuns } from './dead-runs.ts'
import type { StateOption } from './program/options.ts'
import { expandRunId } from './run-id.ts'

/** What only `--runs` knows. */
interface PruneFlags {
  readonly olderThan?: string
  readonly maxBytes?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

export interface GcOptions extends StateOption, PruneFlags {
  readonly runs?: boolean
}

/**
 * `cc-ci gc`: takes down what dead runs left, and kept runs that are named; with `--runs` prunes run folders instead. Exit 1 when something
 * could not be removed.
 */
export async function gcCommand(runs: readonly string[], options: GcOptions): Promise<number> {
  checkTogether(runs, options)
  const state = stateDir(options.state)
  return options.runs ? prune(state, options) : sweep(state, runs)
}

function checkTogether(runs: readonly string[], { runs: prunes, olderThan, maxBytes, dryRun, json }: GcOptions): void {
  const flags = Object.entries({
    '--older-than': olderThan,
    '--max-bytes': maxBytes,
    '--dry-run': dryRun,
    '--json': json,
  })
  const given = flags.filter(([, value]) => value !== undefined).map(([name]) => name)
  if (!prunes && given.length > 0) {
    throw new UsageError('gc-without-runs', `${given.join(', ')} without --runs says nothing`, {
      hint: '`cc-ci gc --runs` prunes run folders; `cc-ci gc` removes what dead runs left on the engine.',
    })
  }
  if (prunes && runs.length > 0) {
    throw new UsageError('gc-runs-named', `--runs prunes by age and size, not by name: ${runs.join(', ')}`, {
      hint: '`cc-ci gc RUN`, without --runs, takes down the app of a kept run.',
    })
  }
}

async function prune(state: string, options: PruneFlags): Promise<number> {
  const { olderThan = RETENTION_DEFAULTS.olderThan, maxBytes = RETENTION_DEFAULTS.maxBytes } = options
  const policy = { olderThanMs: parseOlderThan(olderThan), maxBytes: parseMaxBytes(maxBytes) }
  const outcome = await pruneRuns({ state, policy, clock: systemClock, dryRun: options.dryRun === true })
  process.stdout.write(options.json ? `${JSON.stringify(outcome, null, 2)}\n` : pruneText(outcome))
  return outcome.failures.length > 0 || outcome.builds.some(({ failure }) => failure !== null) ? EXIT.fail : EXIT.pass
}

async function sweep(state: string, runs: readonly string[]): Promise<number> {
  const kept = runs.map((run) => expandRunId(state, run))
  const collected = await clearDeadRuns(state, await Engine.connect(), kept)
  for (const { id, removed, left, failures } of collected) {
    process.stdout.write(`${id}: ${removed} removed${left.length > 0 ? `, ${left.length} left` : ''}\n`)
    for (const { kind, name } of left) process.stdout.write(`  left: ${kind} ${name}\n`)
    for (const failure of failures) process.stdout.write(`  ${failure}\n`)
  }
  if (collected.length === 0)
    process.stdout.write('nothing to remove: every run in this state folder has ended or is still going\n')
  return collected.some(({ left }) => left.length > 0) ? EXIT.fail : EXIT.pass
}

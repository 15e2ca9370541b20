import { Engine } from '../engine/client.ts'
import { pinnedImages } from '../history/images/pinned.ts'
import { imagePolicy } from '../history/images/policy.ts'
import { pruneImages } from '../history/images/prune.ts'
import { parseMaxBytes, parseOlderThan, RETENTION_DEFAULTS } from '../history/retention/policy.ts'
import { pruneRuns } from '../history/retention/prune.ts'
import { systemClock } from '../lib/async/clock.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { stateDir } from '../machine/state-dir.ts'
import { imagesText } from '../report/retention/images.ts'
import { pruneText } from '../report/retention/prune.ts'
import type { StateOption } from './program/options.ts'
import { clearDeadRuns } from './support/dead-runs.ts'
import { expandRunId } from './support/run-id.ts'

/** What only `--runs` and `--images` know. */
interface PruneFlags {
  readonly olderThan?: string
  readonly maxBytes?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

export interface GcOptions extends StateOption, PruneFlags {
  readonly runs?: boolean
  readonly images?: boolean
}

/**
 * `cc-ci gc`: takes down what dead runs left, and kept runs that are named; with `--runs` prunes run folders instead, with `--images` the images that runs brought. Exit 1 when something
 * could not be removed.
 */
export async function gcCommand(runs: readonly string[], options: GcOptions): Promise<number> {
  checkTogether(runs, options)
  const state = stateDir(options.state)
  if (options.images) return pruneImagesOf(state, options)
  return options.runs ? prune(state, options) : sweep(state, runs)
}

async function pruneImagesOf(state: string, { dryRun = false, json, ...limits }: PruneFlags): Promise<number> {
  const policy = imagePolicy(limits)
  const engine = await Engine.connect()
  const outcome = await pruneImages({ state, engine, policy, clock: systemClock, pinned: pinnedImages(state), dryRun })
  process.stdout.write(json ? `${JSON.stringify(outcome, null, 2)}\n` : imagesText(outcome))
  return outcome.failures.length > 0 ? EXIT.fail : EXIT.pass
}

function checkTogether(
  runs: readonly string[],
  { runs: ofRuns, images, olderThan, maxBytes, dryRun, json }: GcOptions,
): void {
  if (ofRuns && images) {
    throw new UsageError('gc-two-things', '--runs and --images prune by limits of their own', {
      hint: 'Call `cc-ci gc` once with each.',
    })
  }
  const prunes = ofRuns || images
  const flags = Object.entries({
    '--older-than': olderThan,
    '--max-bytes': maxBytes,
    '--dry-run': dryRun,
    '--json': json,
  })
  const given = flags.filter(([, value]) => value !== undefined).map(([name]) => name)
  if (!prunes && given.length > 0) {
    throw new UsageError('gc-without-runs', `${given.join(', ')} without --runs or --images says nothing`, {
      hint: '`cc-ci gc --runs` prunes run folders, `cc-ci gc --images` images; `cc-ci gc` removes what dead runs left on the engine.',
    })
  }
  if (prunes && runs.length > 0) {
    throw new UsageError(
      'gc-runs-named',
      `--runs and --images prune by age and size, not by name: ${runs.join(', ')}`,
      {
        hint: '`cc-ci gc RUN`, without either, takes down the app of a kept run.',
      },
    )
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
  const retained = runs.map((run) => expandRunId(state, run))
  const collected = await clearDeadRuns(state, await Engine.connect(), { retained, busy: 'wait' })
  for (const { id, removed, left, failures } of collected) {
    process.stdout.write(`${id}: ${removed} removed${left.length > 0 ? `, ${left.length} left` : ''}\n`)
    for (const { kind, name } of left) process.stdout.write(`  left: ${kind} ${name}\n`)
    for (const failure of failures) process.stdout.write(`  ${failure}\n`)
  }
  if (collected.length === 0)
    process.stdout.write('nothing to remove: every run in this state folder has ended or is still going\n')
  return collected.some(({ left }) => left.length > 0) ? EXIT.fail : EXIT.pass
}

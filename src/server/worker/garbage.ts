import { exec } from '../../lib/exec.ts'
import { readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import type { RunOutcome } from '../contract/request.ts'
import { readResults } from '../dispatch/outcome.ts'
import { childEnv } from './command.ts'

const GC_DEADLINE_MS = 600_000

export interface GarbageParts {
  readonly ccCi: readonly string[]
  readonly state: string
}

/** `cc-ci gc`: takes down what dead runs of this state folder left. Gives what it said when not all could be removed. */
export async function collectGarbage({ ccCi, state }: GarbageParts, signal?: AbortSignal): Promise<string | null> {
  const [file = '', ...args] = ccCi
  const done = await exec(file, [...args, 'gc', '--state', state], {
    ...{ deadlineMs: GC_DEADLINE_MS, graceMs: 5000, env: childEnv(), cwd: '/' },
    signal,
  })
  return done.exitCode === 0 ? null : `${done.stdout}${done.stderr}`.trim().slice(-2000) || 'cc-ci gc did not end'
}

/**
 * `cc-ci gc --images`: removes images that runs brought to the engine, by the operator's limits; `all`: every one that nobody uses. Gives what it said when it
 * could not.
 */
export async function pruneImages({ ccCi, state }: GarbageParts, all: boolean): Promise<string | null> {
  const [file = '', ...args] = ccCi
  const limits = all ? ['--max-bytes', '0'] : []
  const done = await exec(file, [...args, 'gc', '--images', ...limits, '--state', state], {
    ...{ deadlineMs: GC_DEADLINE_MS, graceMs: 5000, env: childEnv(), cwd: '/' },
  })
  return done.exitCode === 0 ? null : `${done.stdout}${done.stderr}`.trim().slice(-2000) || 'cc-ci gc did not end'
}

/**
 * What became of all that a run had made, once its process is gone. What the run has not proven itself is taken down by `cc-ci gc` first, and
 * looked at again.
 */
export async function provenTeardown(parts: GarbageParts, runId: string): Promise<RunOutcome['teardown']> {
  const folder = runFolder(parts.state, runId)
  const flags = await readResults(folder.results).then(
    (results) => results.flags,
    () => null,
  )
  if (flags?.cleanTeardown && readRecord(folder)?.status !== 'running') return 'clean'
  if (readRecord(folder) === null) return 'none'
  await collectGarbage(parts)
  const record = readRecord(folder)
  if (record === null) return 'none'
  return record.status === 'ended' ? 'clean' : 'left'
}

import type { Logger } from 'pino'
import { z } from 'zod'
import { type PruneOutcome, pruneOutcome } from '../history/retention/outcome.ts'
import type { Clock } from '../lib/async/clock.ts'
import { InfraError, messageOf } from '../lib/errors.ts'
import { exec } from '../lib/process/exec.ts'
import type { ServerSettings } from './contract/settings.ts'
import type { Store } from './contract/store.ts'
import { childEnv } from './worker/child.ts'

const PRUNE_MS = 60 * 60_000
const DEADLINE_MS = 30 * 60_000
/** The first prune of an old server tells of every run it has. */
const OUTCOME_BYTES = 256 * 1024 ** 2

/** What the run folders of this server hold, as the last prune left them. */
interface RunsDisk {
  readonly runs: number
  readonly bytes: number
  /** ISO 8601. */
  readonly at: string
}

/** What people see of it. */
export interface RunsDiskStatus {
  /** Null: not looked at yet. */
  readonly disk: RunsDisk | null
  /** Why nothing could be pruned, or not all; null: all went as it should. */
  readonly trouble: string | null
}

export interface RetentionDeps {
  readonly settings: Pick<ServerSettings, 'state' | 'pruneOlderThanMs' | 'pruneMaxBytes'>
  readonly store: Pick<Store, 'rebuild'>
  /** What starts cc-ci: a program and its first arguments. */
  readonly ccCi: readonly string[]
  readonly clock: Clock
  readonly log: Logger
}

export interface Retention {
  seen(): RunsDiskStatus
  /** Prunes once, then waits for the next time. Where it could not prune it says so and does not throw. */
  round(signal: AbortSignal): Promise<void>
}

/** The server's prunes, each by `cc-ci gc --runs` in a process of its own: looking at 10,000 folders would hold up whoever waits for an answer. */
export function createRetention(parts: RetentionDeps): Retention {
  const { store, clock, log } = parts
  let disk: RunsDisk | null = null
  let trouble: string | null = null

  async function prune(signal: AbortSignal): Promise<void> {
    const outcome = await gcRuns(parts, signal)
    const { pruned, before, after, failures, at } = outcome
    disk = { ...after, at }
    trouble = failures.length === 0 ? null : `of ${failures.length} runs not all could be pruned`
    if (failures.length > 0) log.warn({ failures: failures.slice(0, 10) }, trouble ?? '')
    if (pruned.length === 0) return
    log.info({ runs: pruned.length, bytes: before.bytes - after.bytes }, 'pruned run folders')
    await store.rebuild()
  }

  return {
    seen: () => ({ disk, trouble }),
    async round(signal) {
      try {
        await prune(signal)
      } catch (error) {
        if (signal.aborted) return
        trouble = messageOf(error)
        log.warn({ error: trouble }, 'run folders could not be pruned')
      }
      await clock.sleep(PRUNE_MS, signal).catch(() => undefined)
    },
  }
}

const refusal = z.object({ error: z.object({ message: z.string() }) })

async function gcRuns({ settings, ccCi }: RetentionDeps, signal: AbortSignal): Promise<PruneOutcome> {
  const { state, pruneOlderThanMs, pruneMaxBytes } = settings
  const [file = '', ...first] = ccCi
  const args = [
    ...[...first, 'gc', '--runs', '--json', '--state', state],
    ...['--older-than', pruneOlderThanMs === null ? 'none' : `${pruneOlderThanMs}ms`],
    ...['--max-bytes', pruneMaxBytes === null ? 'none' : `${Math.ceil(pruneMaxBytes / 1024)}K`],
  ]
  const options = { timeoutMs: DEADLINE_MS, maxBytes: OUTCOME_BYTES, env: childEnv(), cwd: '/', signal }
  const { stdout, stderr } = await exec(file, args, options)
  const data = jsonOf(stdout)
  const refused = refusal.safeParse(data)
  if (refused.success) throw pruneFailed(refused.data.error.message)
  const done = pruneOutcome.safeParse(data)
  if (done.success) return done.data
  throw pruneFailed(stderr.trim().slice(-500) || 'cc-ci gc --runs did not end')
}

function pruneFailed(why: string): InfraError {
  return new InfraError('prune-failed', why, {
    hint: 'Run `cc-ci gc --runs --dry-run` with the state folder of the server.',
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import { execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import type { RunRequest, RunState } from '../../../src/server/contract/request.ts'
import type { RunRow, Store } from '../../../src/server/contract/store.ts'
import { createDispatcher, type Dispatcher, type DispatcherDeps } from '../../../src/server/runs/dispatcher.ts'
import { reapLeases } from '../../../src/server/runs/lease-reaper.ts'
import { openStore } from '../../../src/server/storage/open.ts'

export const GIB = 1024 ** 3
export const ORIGIN = 'https://git.example.org'

/** The part of a server that workers meet, with a store and a state folder of its own. */
export interface Office {
  readonly dir: string
  readonly state: string
  readonly store: Store
  readonly dispatch: Dispatcher
  /** States that the forge was to be told, in order. */
  readonly reported: RunState[]
  /** Puts a run of the repository's head into the queue. */
  ask(request?: Partial<RunRequest>): Promise<RunRequest>
  row(id: string): Promise<RunRow>
  [Symbol.asyncDispose](): Promise<void>
}

/** `source`: a bare repository that all runs are of. */
export async function openOffice(
  source: string,
  {
    leaseMs = 30_000,
    approvedIn = () => ({ approvedCommits: [], approvedTrees: [] }),
  }: { readonly leaseMs?: number; readonly approvedIn?: DispatcherDeps['approvedIn'] } = {},
): Promise<Office> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-office-'))
  const state = join(dir, 'state')
  mkdirSync(state)
  const store = await openStore({ state, databaseUrl: null })
  const reported: RunState[] = []
  const stop = new AbortController()
  const parts = {
    ...{ store, state, leaseMs, clock: systemClock, log: pino({ level: 'silent' }) },
    bundle: (request: RunRequest, file: string) => bundle(source, request.commit, file),
    origin: (repository: string) => `${ORIGIN}/${repository}`,
    approvedIn,
    publisher: { runChanged: async (row: RunRow) => void reported.push(row.state) },
  }
  const reaping = reapLeases({ ...parts, everyMs: 200 }, stop.signal)
  const row = async (id: string) => {
    const found = await store.run(id)
    if (!found) throw new Error(`no run ${id}`)
    return found
  }
  return {
    ...{ dir, state, store, reported, row, dispatch: createDispatcher(parts) },
    async ask(request = {}) {
      const id = newRunId(Date.now())
      const whole: RunRequest = {
        ...{ schema: 1, id, attemptOf: null, at: new Date().toISOString(), priority: 'manual', pull: null },
        ...{ repository: 'coop-cloud/healthy', commit: await headOf(source), base: 'auto', quick: false },
        ...{ memoryBytes: GIB, deadlineMs: 600_000, ...request },
      }
      await store.add(whole)
      return whole
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await reaping
      await store.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function headOf(source: string): Promise<string> {
  return (await git(source, 'rev-parse', 'HEAD')).trim()
}

async function bundle(source: string, commit: string, file: string): Promise<void> {
  await git(source, 'update-ref', 'refs/cc-ci/head', commit)
  await git(source, 'bundle', 'create', '-q', file, 'refs/cc-ci/head', '--branches', '--tags')
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  return (await execOk('git', args, { cwd, timeoutMs: 30_000, env: inheritedEnv() })).stdout
}

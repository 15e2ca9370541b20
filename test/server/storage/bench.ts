import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Clock } from '../../../src/lib/async/clock.ts'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import type { RunOutcome, RunRequest } from '../../../src/server/contract/request.ts'
import type { Capacity, Claim, DecidedComment, Lease } from '../../../src/server/contract/store.ts'
import type { Enrollment } from '../../../src/server/enrollments/enrollment.ts'
import { type OpenStore, openStore } from '../../../src/server/storage/open.ts'
import { type Postgres, startPostgres } from '../support/postgres.ts'

export const GIB = 1024 ** 3
export const START = Date.parse('2026-01-05T10:00:00Z')
export const LEASE_MS = 30_000

export class FakeClock implements Clock {
  time = START
  now(): number {
    return this.time
  }
  sleep = systemClock.sleep
}

/** One state folder with its database, opened as often as a test likes. */
export interface Bench {
  readonly state: string
  readonly databaseUrl: string | null
  readonly clock: FakeClock
  open(): Promise<OpenStore>
  /** Closes every store that is open. */
  closeAll(): Promise<void>
  /** The same folders, and a database that knows nothing. */
  forgetDatabase(): Promise<void>
}

export interface Databases {
  readonly kind: 'embedded' | 'postgres'
  readonly postgres: Postgres | null
  bench(): Promise<Bench>
}

/** Runs the same tests on the embedded database and on a real PostgreSQL. */
export function onBothDatabases(define: (databases: Databases) => void): void {
  for (const kind of ['embedded', 'postgres'] as const) {
    describe(kind, () => {
      let postgres: Postgres | null = null
      const benches: Bench[] = []
      beforeAll(async () => {
        if (kind === 'postgres') postgres = await startPostgres()
      })
      afterAll(async () => {
        for (const bench of benches) {
          await bench.closeAll()
          await rm(bench.state, { recursive: true, force: true })
        }
        await postgres?.close()
      })
      define({
        kind,
        get postgres() {
          return postgres
        },
        async bench() {
          const made = await makeBench(postgres)
          benches.push(made)
          return made
        },
      })
    })
  }
}

async function makeBench(postgres: Postgres | null): Promise<Bench> {
  const state = await mkdtemp(join(tmpdir(), 'cc-ci-store-'))
  const clock = new FakeClock()
  let databaseUrl = (await postgres?.database()) ?? null
  const open: OpenStore[] = []
  const closeAll = async () => {
    for (const store of open.splice(0)) await store.close()
  }
  return {
    state,
    get databaseUrl() {
      return databaseUrl
    },
    clock,
    closeAll,
    async open() {
      const store = await openStore({ state, databaseUrl, clock })
      open.push(store)
      return store
    },
    async forgetDatabase() {
      await closeAll()
      if (postgres) databaseUrl = await postgres.database()
      else await rm(join(state, 'server', 'database'), { recursive: true })
    },
  }
}

let comments = 0

export function request(change: Partial<RunRequest> & { readonly pullNumber?: number | null } = {}): RunRequest {
  const { pullNumber = null, ...rest } = change
  const at = Date.parse(rest.at ?? new Date(START).toISOString())
  comments += 1
  return {
    schema: 1,
    id: newRunId(at),
    attemptOf: null,
    at: new Date(at).toISOString(),
    priority: 'pull',
    repository: 'Org/recipe',
    pull:
      pullNumber === null
        ? null
        : { number: pullNumber, headRef: 'topic', baseRef: 'main', comment: comments, author: 'Ann' },
    commit: 'a'.repeat(40),
    base: 'auto',
    quick: false,
    memoryBytes: GIB,
    deadlineMs: 3_600_000,
    ...rest,
  }
}

export function commentOf(asked: RunRequest): DecidedComment {
  return {
    repository: asked.repository,
    comment: asked.pull?.comment ?? 0,
    decision: 'run',
    at: asked.at,
    run: asked.id,
  }
}

export function capacity(change: Partial<Capacity> = {}): Capacity {
  return { worker: 'w1', memoryBytes: 8 * GIB, freeBytes: 8 * GIB, harness: '0.1.0+abc', ...change }
}

export function outcomeOf(claim: Claim, change: Partial<RunOutcome> = {}): RunOutcome {
  return {
    schema: 1,
    id: claim.request.id,
    state: 'done',
    verdict: 'pass',
    level: 5,
    cause: null,
    tier: null,
    message: 'level 5',
    finishedAt: new Date(START + 60_000).toISOString(),
    folder: claim.folder,
    attempts: claim.lease.attempt,
    teardown: 'clean',
    ...change,
  }
}

export function enrolment(name: string, change: Partial<Enrollment> = {}): Enrollment {
  return {
    name,
    at: new Date(START).toISOString(),
    by: 'operator',
    allow: [],
    memoryBytes: null,
    mirrorOf: null,
    webhook: null,
    ...change,
  }
}

export async function claimed(store: OpenStore, now = START, change: Partial<Capacity> = {}): Promise<Claim> {
  const claim = await store.claim(capacity(change), now, LEASE_MS)
  if (!claim) throw new Error('nothing to claim')
  return claim
}

export const stale = (lease: Lease): Lease => ({ ...lease, token: '0'.repeat(32) })

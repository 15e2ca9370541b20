import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/lib/clock.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import type { RunOutcome, RunRequest } from '../../../src/server/contract/request.ts'
import type { Claim, Lease, RunRow, Store } from '../../../src/server/contract/store.ts'

type Kept = { -readonly [K in keyof RunRow]: RunRow[K] } & { token: string; until: number }
type Parts = Pick<
  Store,
  | 'add'
  | 'run'
  | 'claim'
  | 'renew'
  | 'holds'
  | 'finish'
  | 'tornDown'
  | 'release'
  | 'cancel'
  | 'expire'
  | 'seenWorker'
  | 'changed'
>

/** What of a store the worker's protocol needs. */
export function memoryStore(state: string): Parts {
  const rows = new Map<string, Kept>()
  const holder = ({ run, attempt, token }: Lease) => {
    const row = rows.get(run)
    return row?.state === 'running' && row.attempt === attempt && row.token === token ? row : null
  }
  const fold = (folder: string, request: RunRequest) => {
    mkdirSync(join(state, 'runs', folder), { recursive: true })
    writeFileSync(join(state, 'runs', folder, 'request.json'), JSON.stringify(request))
  }
  return {
    async add(request) {
      fold(request.id, request)
      rows.set(request.id, {
        ...{
          request,
          state: 'queued',
          attempt: 0,
          folder: request.id,
          worker: null,
          leaseUntil: null,
          startedAt: null,
        },
        ...{ cancelAskedAt: null, cancelReason: null, outcome: null, harness: null, token: '', until: 0 },
      })
      return { superseded: [] }
    },
    run: async (id) => rows.get(id) ?? null,
    async claim({ worker, harness, freeBytes }, now, leaseMs): Promise<Claim | null> {
      const row = [...rows.values()].find((one) => one.state === 'queued' && one.request.memoryBytes <= freeBytes)
      if (!row) return null
      const token = randomBytes(16).toString('hex')
      const folder = row.attempt === 0 ? row.request.id : newRunId(now)
      if (row.attempt > 0) fold(folder, { ...row.request, id: folder, attemptOf: row.request.id })
      const { request } = row
      Object.assign(row, {
        state: 'running',
        attempt: row.attempt + 1,
        folder,
        token,
        until: now + leaseMs,
        worker,
        harness,
      })
      return { lease: { run: request.id, attempt: row.attempt, token }, request, folder, leaseUntil: '' }
    },
    async renew(lease, now, leaseMs) {
      const row = holder(lease)
      if (!row) return 'fenced'
      row.until = now + leaseMs
      return { cancel: row.cancelReason, leaseUntil: '' }
    },
    holds: async (lease) => holder(lease) !== null,
    async finish(lease, outcome: RunOutcome) {
      const row = holder(lease)
      if (row) Object.assign(row, { state: outcome.state, outcome })
      return row !== null
    },
    async tornDown({ run, attempt, token }, teardown) {
      const row = rows.get(run)
      if (row?.attempt !== attempt || row.token !== token || row.outcome?.teardown !== 'unknown') return false
      row.outcome = { ...row.outcome, teardown }
      return true
    },
    async release(lease) {
      const row = holder(lease)
      if (row) Object.assign(row, { state: 'queued', attempt: row.attempt - 1, token: '' })
      return row !== null
    },
    async cancel(id, reason) {
      const row = rows.get(id)
      if (row) row.cancelReason = reason
      return 'asked'
    },
    async expire(now) {
      const over = [...rows.values()].filter((row) => row.state === 'running' && row.until < now)
      for (const row of over) Object.assign(row, { state: 'queued', token: '' })
      return over
    },
    async seenWorker() {},
    async changed(ms, signal) {
      await systemClock.sleep(Math.min(ms, 100), signal).catch(() => {})
    },
  }
}

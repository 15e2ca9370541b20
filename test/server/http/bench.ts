import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { afterAll } from 'vitest'
import { UsageError } from '../../../src/lib/errors.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import type { CommentEvent } from '../../../src/server/contract/forge.ts'
import type { RunRequest } from '../../../src/server/contract/request.ts'
import type { Operations } from '../../../src/server/contract/services.ts'
import type { ServerSettings } from '../../../src/server/contract/settings.ts'
import { createApp, type ServerApp } from '../../../src/server/http/app.ts'
import { createMetrics } from '../../../src/server/http/metrics.ts'
import { maskedLines } from '../../../src/server/http/middleware/mask-responses.ts'
import { createDispatcher } from '../../../src/server/runs/dispatcher.ts'
import { serverMasker } from '../../../src/server/secrets.ts'
import { type OpenStore, openStore } from '../../../src/server/storage/open.ts'
import { createSweeps, type SweepDeps } from '../../../src/server/sweep/sweeps.ts'
import { FakeClock, GIB } from '../storage/bench.ts'

export const OPERATOR_TOKEN = 'operator-token-with+odd/chars="of 40 char"'.replaceAll(' ', '_')
export const SETTINGS: ServerSettings = {
  ...{ state: '/nowhere', host: '127.0.0.1', port: 0, proxies: 0, publicUrl: 'https://ci.example.org' },
  ...{ forgeKind: 'gitea', forgeUrl: 'http://127.0.0.1:9' },
  ...{ forgeToken: 'forge-token-7d2fa0b9c4', webhookSecret: 'hook secret/äöü&more' },
  ...{ operatorToken: OPERATOR_TOKEN, databaseUrl: null, workerMemoryBytes: 0, runMemoryBytes: GIB },
  ...{ runDeadlineMs: 3_600_000, pollMs: 60_000, oauth: null, operatorOrganisation: null },
  ...{ pruneOlderThanMs: null, pruneMaxBytes: null, mirrorsMaxBytes: null, sweepAt: null, sweepList: null },
}

export interface HttpBench extends ServerApp {
  readonly settings: ServerSettings
  readonly store: OpenStore
  readonly clock: FakeClock
  readonly comments: CommentEvent[]
  /** Lines of the log. */
  readonly lines: string[]
  /** A call of the operator's. */
  api(method: string, path: string, body?: unknown): Promise<Response>
  ask(request?: Partial<RunRequest>): Promise<RunRequest>
  metricsText(): Promise<string>
  /** Writes a file of a run's folder. */
  file(run: string, path: string, text: string | Uint8Array): Promise<string>
}

export interface BenchOptions {
  readonly settings?: Partial<ServerSettings>
  readonly members?: readonly string[]
  readonly comment?: (event: CommentEvent) => Promise<void>
  /** Thrown where a bundle is wanted. */
  readonly bundleError?: () => Error | null
}

const open: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of open) await close()
})

/** The whole HTTP side on a real store of its own; runs are asked for straight at the store. */
export async function httpBench({
  settings: own = {},
  members = [],
  comment,
  bundleError,
}: BenchOptions = {}): Promise<HttpBench> {
  const state = await mkdtemp(join(tmpdir(), 'cc-ci-http-'))
  const clock = new FakeClock()
  const settings = { ...SETTINGS, ...own, state }
  const store = await openStore({ state, databaseUrl: null, clock })
  open.push(async () => {
    await store.close()
    await rm(state, { recursive: true, force: true })
  })
  const [lines, comments]: [string[], CommentEvent[]] = [[], []]
  const log = pino({}, maskedLines(serverMasker(settings), { write: (line) => lines.push(line) }))
  const metrics = createMetrics(store, clock)
  const dispatch = createDispatcher({
    ...{
      store: metrics.timed(store),
      state,
      clock,
      log,
      approvedIn: () => ({ approvedCommits: [], approvedTrees: [] }),
      publisher: { runChanged: async () => {} },
    },
    async bundle(request, file) {
      const error = bundleError?.()
      if (error) throw error
      await writeFile(file, `bundle of ${request.commit}`)
    },
    origin: (repository) => `https://git.example.org/${repository}`,
  })
  const note = async (event: CommentEvent) => {
    comments.push(event)
    await comment?.(event)
  }
  const server = createApp({
    ...{ settings, store, dispatch, clock, log, metrics, comments: { receive: note } },
    operations: operationsOn(store, clock),
    sweeps: createSweeps({ ...{ settings, store, clock, log }, forge: EMPTY_FORGE, largestWorker: async () => null }),
    forge: { isMember: async (_, login) => members.includes(login) },
  })
  return {
    ...{ ...server, settings, store, clock, comments, lines },
    async api(method, path, body) {
      const headers = { authorization: `Bearer ${settings.operatorToken}`, 'content-type': 'application/json' }
      const text = body === undefined ? {} : { body: JSON.stringify(body) }
      return server.app.request(`/api/v1${path}`, { method, headers, ...text })
    },
    metricsText: async () => (await server.app.request('/metrics')).text(),
    async ask(request = {}) {
      const whole = { ...requestAt(clock.now()), ...request }
      await store.add(whole)
      return whole
    },
    async file(run, path, text) {
      const file = join(state, 'runs', run, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
      return file
    },
  }
}

/** A forge that shows nothing of what is enrolled. */
const EMPTY_FORGE: SweepDeps['forge'] = {
  repositories: async () => [],
  tags: async () => [],
  openPulls: async () => [],
  cloneSource: (repository) => ({ url: `https://git.example.org/${repository}.git`, authorization: null }),
}

function requestAt(now: number): RunRequest {
  return {
    ...{ schema: 1, id: newRunId(now), attemptOf: null, at: new Date(now).toISOString(), priority: 'manual' },
    ...{ repository: 'coop-cloud/healthy', pull: null, commit: 'a'.repeat(40), base: 'auto', quick: false },
    ...{ memoryBytes: GIB, deadlineMs: 600_000 },
  }
}

/** Operations as far as the store alone can do them. */
function operationsOn(store: OpenStore, clock: FakeClock): Operations {
  const add = async (request: RunRequest) => {
    await store.add(request)
    return request
  }
  return {
    start: ({ repository, base = 'auto', quick = false }) =>
      add({ ...requestAt(clock.now()), repository, base, quick }),
    async rerun(id) {
      const row = await store.run(id)
      if (!row) throw new UsageError('no-such-run', 'there is no such run')
      return add({ ...row.request, id: newRunId(clock.now()) })
    },
    async why(id) {
      const row = await store.run(id)
      if (!row) throw new UsageError('no-such-run', 'there is no such run')
      const { commit: old } = row.request
      const why = { run: id, old, baseline: id, only: ['install' as const], runDeadlineMs: 600_000 }
      return add({ ...row.request, id: newRunId(clock.now()), priority: 'sweep', why })
    },
    async cancel(id, by) {
      const result = await store.cancel(id, `cancelled by ${by}`, clock.now())
      if (result === 'unknown') throw new UsageError('no-such-run', 'there is no such run')
      return result
    },
    async enroll({ name, allow = [], memoryBytes = null, mirrorOf = null }, by) {
      if ((await store.enrollments()).some((one) => one.name === name)) {
        throw new UsageError('already-enrolled', `${name} is enrolled already`, { kind: 'conflict' })
      }
      const at = new Date(clock.now()).toISOString()
      const enrollment = { name, at, by, allow, memoryBytes, mirrorOf, webhook: null }
      await store.enroll(enrollment)
      const hook = {
        url: 'https://ci.example.org/hooks/gitea',
        contentType: 'json',
        events: ['issue_comment'],
      } as const
      return { enrollment, paste: { ...hook, page: 'https://git.example.org/x', secret: 'CC_CI_WEBHOOK_SECRET' } }
    },
    webhooks: async () => new Map(),
    withdraw: (name) => store.withdraw(name),
    async approve() {},
    approvals: () => [],
    revokeApproval: async () => false,
    codeOf: async () => ({ approved: false, against: null, files: [] }),
  }
}

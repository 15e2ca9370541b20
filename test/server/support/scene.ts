import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import type { RunOutcome, RunRequest } from '../../../src/server/contract/request.ts'
import type { ServerSettings } from '../../../src/server/contract/settings.ts'
import type { RunRow } from '../../../src/server/contract/store.ts'
import { type BaseMemory, createBaseMemory } from '../../../src/server/memory/against-base.ts'
import { serverMasker } from '../../../src/server/secrets.ts'
import { type OpenStore, openStore } from '../../../src/server/storage/open.ts'
import type { Results } from '../../../src/verdict/results.ts'

const GIB = 1024 ** 3

/** Settings of a server that keeps its state in `state`. */
export function settingsFor(state: string, more: Partial<ServerSettings> = {}): ServerSettings {
  return {
    ...{
      state,
      host: '127.0.0.1',
      port: 0,
      proxies: 0,
      publicUrl: 'https://ci.example.org',
      forgeKind: 'gitea',
      forgeUrl: 'https://git.example.org',
    },
    ...{ forgeToken: 'forge-token-forge-token', webhookSecret: 'webhook-secret-webhook' },
    ...{ operatorToken: 'operator-token-operator-token-1234', databaseUrl: null, workerMemoryBytes: 4 * GIB },
    ...{ runMemoryBytes: GIB, runDeadlineMs: 3_600_000, pollMs: 60_000, oauth: null, operatorOrganisation: null },
    ...{ pruneOlderThanMs: null, pruneMaxBytes: null, mirrorsMaxBytes: null, sweepAt: null, sweepList: null },
    ...more,
  }
}

export interface Scene {
  readonly store: OpenStore
  readonly settings: ServerSettings
  readonly parts: {
    readonly store: OpenStore
    readonly settings: ServerSettings
    readonly clock: typeof systemClock
    readonly log: Logger
    readonly memory: BaseMemory
  }
}

/** A store of this test's own, embedded, and settings for it. */
export async function openScene(more: Partial<ServerSettings> = {}): Promise<Scene> {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-scene-'))
  const settings = settingsFor(state, more)
  const store = await openStore({ state, databaseUrl: null })
  onTestFinished(async () => {
    await store.close()
    rmSync(state, { recursive: true, force: true })
  })
  const memory = createBaseMemory({ state, clock: systemClock, masker: serverMasker(settings) })
  return { store, settings, parts: { store, settings, clock: systemClock, log: pino({ level: 'silent' }), memory } }
}

export function requestFor(more: Partial<RunRequest> = {}): RunRequest {
  return {
    ...{ schema: 1, id: newRunId(Date.now()), attemptOf: null, at: new Date().toISOString(), priority: 'pull' },
    repository: 'coop/hello',
    pull: { number: 1, headRef: 'change', baseRef: 'main', comment: 1, author: 'member' },
    ...{ commit: 'a'.repeat(40), base: 'auto', quick: false, memoryBytes: GIB, deadlineMs: 60_000 },
    ...more,
  }
}

/** Leases the next run and ends it with these results. Gives its row. */
export async function endRun(
  { store, settings }: Scene,
  results: Results | null,
  outcome: Partial<RunOutcome> = {},
): Promise<RunRow> {
  const capacity = { worker: 'one', memoryBytes: 64 * GIB, freeBytes: 64 * GIB, harness: '0' }
  const claim = await store.claim(capacity, Date.now(), 30_000)
  if (!claim) throw new Error('nothing to claim')
  const { lease, folder, request } = claim
  if (results) {
    mkdirSync(runFolder(settings.state, folder).dir, { recursive: true })
    writeFileSync(runFolder(settings.state, folder).results, JSON.stringify(results))
  }
  const cause = results?.tiers.find(({ status }) => status === 'fail')
  await store.finish(lease, {
    ...{ schema: 1, id: request.id, state: 'done', verdict: results?.verdict ?? null, level: results?.level ?? null },
    ...{ cause: cause?.cause?.code ?? null, tier: cause?.id ?? null, message: 'it ended' },
    ...{ finishedAt: new Date().toISOString(), folder, attempts: 1, teardown: 'clean' },
    ...outcome,
  })
  const row = await store.run(request.id)
  if (!row) throw new Error('no row')
  return row
}

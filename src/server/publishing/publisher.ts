import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import type { Forge } from '../contract/forge.ts'
import type { RunRequest } from '../contract/request.ts'
import type { Publisher } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { RunRow, Store, StoredReply } from '../contract/store.ts'
import type { BaseMemory } from '../memory/against-base.ts'
import { serverMasker } from '../secrets.ts'
import { composeComment, maskedRow, runText } from './comment.ts'
import { sendPending } from './outbox.ts'
import { ProgressWatch } from './progress.ts'
import { statusOf } from './status.ts'

/** How often pending notifications are sent where no change wakes the loop, progress is read, and the places of queued runs are updated, in ms. */
const SEND_MS = 1_000
const PROGRESS_MS = 2_000
const QUEUE_MS = 60_000
/** Runs of one pull request among which a newer one of the same commit is looked for. */
const MOST_RUNS = 100
const MOST_ACTIVE = 1_000
const MOST_UPDATED = 50
/** Runs that are published again when the server starts. */
const MOST_AT_START = 200

export interface PublisherDeps {
  readonly store: Store
  readonly forge: Forge
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Logger
  readonly memory: BaseMemory
}

/** Keeps the desired status and comment of each pull request up to date in the store, and sends them to the forge. */
export function createPublisher(deps: PublisherDeps): Publisher {
  const { store, settings, clock } = deps
  const masker = serverMasker(settings)
  const progress = new ProgressWatch(settings.state, clock)
  const textDeps = { ...deps, masker, progress }
  const publisher: Publisher = {
    async runChanged(row) {
      const { request } = row
      if (!request.pull) return updateComparisonsWith(row)
      // Another call may have written an older state meanwhile: whoever writes last reads once more.
      for (let before = await currentRuns(request); ; ) {
        if (before.ofCommit) await setStatus(before.ofCommit)
        if (before.ofPull) await setComment(before.ofPull, before.newest)
        const after = await currentRuns(request)
        const keys = ['ofCommit', 'ofPull', 'newest'] as const
        if (keys.every((key) => isSame(before[key], after[key]))) return
        before = after
      }
    },
    async publish(signal) {
      await publishNewestRuns()
      let queueAt = clock.now()
      let progressAt = 0
      while (!signal.aborted) {
        await sendPending(deps, signal)
        if (Math.abs(clock.now() - queueAt) >= QUEUE_MS) {
          queueAt = clock.now()
          await updateQueuePlaces()
        }
        if (Math.abs(clock.now() - progressAt) >= PROGRESS_MS) {
          progressAt = clock.now()
          await updateProgress()
        }
        await store.changed(SEND_MS, signal).catch((error: unknown) => {
          if (!signal.aborted) throw error
        })
      }
    },
  }
  return publisher

  /** The runs that the status of a commit and the comment of a pull request show: the newest with a verdict. `newest`: of all, attributions too. */
  async function currentRuns({ id, repository, pull, commit, why }: RunRequest) {
    const runs = pull ? await store.runs({ repository, pull: pull.number, limit: MOST_RUNS }) : []
    const judging = runs.filter(({ request }) => !request.why)
    const ofCommit = judging.find(({ request }) => request.commit === commit) ?? (why ? null : await store.run(id))
    return { ofCommit, ofPull: judging[0] ?? null, newest: runs[0] ?? null }
  }

  /** `newest`: the newest run of the pull request, which may be an attribution of `row`. */
  async function setComment(row: RunRow, newest: RunRow | null): Promise<void> {
    const { repository, pull } = row.request
    if (!pull) return
    const run = masker.mask(await runText(textDeps, maskedRow(row, masker), clock.now()))
    await store.updateComment(repository, pull.number, (now) => {
      const reply = now?.reply && isCurrent(now.reply, newest ?? row) ? now.reply : null
      return composeComment({ repository, pull: pull.number }, { run, reply })
    })
  }

  async function setStatus(row: RunRow): Promise<void> {
    const { request } = row
    const place = row.state === 'queued' ? await store.place(request.id, clock.now()) : null
    const { state, description } = statusOf(maskedRow(row, masker), {
      place,
      progress: row.state === 'running' ? await progress.published(row) : null,
    })
    const url = `${settings.publicUrl}/runs/${request.id}`
    const { repository, commit } = request
    await store.setDesired({ kind: 'status', repository, commit, state, description: masker.mask(description), url })
  }

  /** A run of a base completes the comments of pull requests that had nothing to be compared with. */
  async function updateComparisonsWith({ request: { repository, commit }, state, folder }: RunRow): Promise<void> {
    if (state !== 'done') return
    deps.memory.learn(folder)
    const updated = new Set<number>()
    for (const { request } of await store.runs({ repository, state: ['done'], limit: MOST_RUNS })) {
      const { pull } = request
      if (!pull || updated.has(pull.number)) continue
      updated.add(pull.number)
      const { ofPull, newest } = await currentRuns(request)
      const target = ofPull?.request.pull?.target
      if (ofPull && [target?.fork, target?.tip].includes(commit)) await setComment(ofPull, newest)
    }
  }

  /** The server may have ended between the end of a run and its notification. Idempotent: only what differs from the forge is sent. */
  async function publishNewestRuns(): Promise<void> {
    const seen = new Set<string>()
    for (const row of await store.runs({ limit: MOST_AT_START })) {
      const { pull, repository } = row.request
      if (!pull || seen.has(`${repository}#${pull.number}`)) continue
      seen.add(`${repository}#${pull.number}`)
      await publisher.runChanged(row)
    }
  }

  async function updateProgress(): Promise<void> {
    const running = await store.runs({ state: ['running'], limit: MOST_ACTIVE })
    const ofPulls = running.filter(({ request }) => request.pull !== null)
    for (const row of await progress.changed(ofPulls)) await publisher.runChanged(row)
  }

  /** Those that are next: in the order of the queue they come before all of a sweep. */
  async function updateQueuePlaces(): Promise<void> {
    for (const { row } of await store.queue(MOST_UPDATED)) if (row.request.pull) await publisher.runChanged(row)
  }
}

/**
 * Whether a reply still belongs into the comment beside this run, the newest of its pull request. A reply to a comment that is older than the run's
 * is outdated; one about an active run is outdated once that run has ended. Comment ids rise with time.
 */
function isCurrent(reply: StoredReply, { request, state }: RunRow): boolean {
  if (reply.until === request.id && state !== 'queued' && state !== 'running') return false
  const comment = request.pull?.comment ?? null
  if (comment !== null && reply.comment !== null) return reply.comment > comment
  return Date.parse(reply.at) >= Date.parse(request.at)
}

/** As far as status and comment show a difference. */
function isSame(a: RunRow | null, b: RunRow | null): boolean {
  return a?.request.id === b?.request.id && a?.state === b?.state && a?.attempt === b?.attempt
}

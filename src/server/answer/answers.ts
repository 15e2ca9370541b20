import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import type { Forge } from '../contract/forge.ts'
import type { Answers } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { RunRow, Store } from '../contract/store.ts'
import { serverMasker } from '../http/secrets.ts'
import { commentText } from './comment.ts'
import { maskedRow } from './masked.ts'
import { publishDue } from './publish.ts'
import { statusOf } from './words.ts'

/** How often what is due is looked for where nothing nudges, and how often waiting runs are told their place anew, in ms. */
const LOOK_MS = 1_000
const REFRESH_MS = 60_000
/** Runs of one pull request that are looked through for a newer one of the same commit. */
const KNOWN = 100
const MOST_WAITING = 1_000
const REFRESHED = 50

export interface AnswersParts {
  readonly store: Store
  readonly forge: Forge
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Logger
}

export function makeAnswers(parts: AnswersParts): Answers {
  const { store, settings, clock } = parts
  const masker = serverMasker(settings)
  const answers: Answers = {
    async runChanged(row) {
      const { request } = row
      if (!request.pull) return
      const { repository } = request
      const known = await store.runs({ repository, pull: request.pull.number, limit: KNOWN })
      const ofCommit = known.find((one) => one.request.commit === request.commit)
      if (!ofCommit || ofCommit.request.id === request.id) await wantStatus(row)
      if (known[0] && known[0].request.id !== request.id) return
      const body = masker.mask(await commentText({ ...parts, masker }, maskedRow(row, masker), null, clock.now()))
      await store.want({ kind: 'comment', repository, pull: request.pull.number, body })
    },
    async publish(signal) {
      await wantNewest()
      let refreshed = clock.now()
      while (!signal.aborted) {
        await publishDue(parts, signal)
        if (Math.abs(clock.now() - refreshed) >= REFRESH_MS) {
          refreshed = clock.now()
          await refreshWaiting()
        }
        await store.changed(LOOK_MS, signal).catch((error: unknown) => {
          if (!signal.aborted) throw error
        })
      }
    },
  }
  return answers

  async function wantStatus(row: RunRow): Promise<void> {
    const { request } = row
    const place = row.state === 'queued' ? await store.place(request.id, clock.now()) : null
    const { state, description } = statusOf(maskedRow(row, masker), place)
    const url = `${settings.publicUrl}/runs/${request.id}`
    const { repository, commit } = request
    await store.want({ kind: 'status', repository, commit, state, description: masker.mask(description), url })
  }

  /** A run that ended just before the server did may not have been told: said anew, and sent only where the forge shows something else. */
  async function wantNewest(): Promise<void> {
    const seen = new Set<string>()
    for (const row of await store.runs({ limit: 200 })) {
      const { pull, repository } = row.request
      if (!pull || seen.has(`${repository}#${pull.number}`)) continue
      seen.add(`${repository}#${pull.number}`)
      await answers.runChanged(row)
    }
  }

  /** The status alone: a comment may hold a reply that somebody has still to read. Those that wait longest come first. */
  async function refreshWaiting(): Promise<void> {
    const waiting = await store.runs({ state: ['queued'], limit: MOST_WAITING })
    for (const row of waiting.toReversed().slice(0, REFRESHED)) if (row.request.pull) await wantStatus(row)
  }
}

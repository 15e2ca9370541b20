import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import type { Forge } from '../contract/forge.ts'
import type { RunRequest } from '../contract/request.ts'
import type { Answers } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { RunRow, Store } from '../contract/store.ts'
import type { BaseMemory } from '../memory/against-base.ts'
import { serverMasker } from '../secrets.ts'
import { runText } from './comment.ts'
import { composed, isToBeRead } from './compose.ts'
import { maskedRow } from './masked.ts'
import { ProgressWatch } from './progress.ts'
import { publishDue } from './publish.ts'
import { statusOf } from './words.ts'

/** How often what is due is looked for where nothing nudges, how far runs are, and how often waiting runs are told their place anew, in ms. */
const LOOK_MS = 1_000
const PROGRESS_MS = 2_000
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
  readonly memory: BaseMemory
}

export function makeAnswers(parts: AnswersParts): Answers {
  const { store, settings, clock } = parts
  const masker = serverMasker(settings)
  const progress = new ProgressWatch(settings.state, clock)
  const words = { ...parts, masker, progress }
  const answers: Answers = {
    async runChanged(row) {
      const { request } = row
      if (!request.pull) return tellThoseBasedOn(row)
      // Somebody else may have told of an older state meanwhile: whoever writes last looks once more.
      for (let seen = await newestOf(request); ; ) {
        if (seen.ofCommit) await wantStatus(seen.ofCommit)
        if (seen.ofPull) await wantComment(seen.ofPull, seen.newest)
        const now = await newestOf(request)
        if (isSame(seen.ofCommit, now.ofCommit) && isSame(seen.ofPull, now.ofPull) && isSame(seen.newest, now.newest))
          return
        seen = now
      }
    },
    async publish(signal) {
      await wantNewest()
      let refreshed = clock.now()
      let looked = 0
      while (!signal.aborted) {
        await publishDue(parts, signal)
        if (Math.abs(clock.now() - refreshed) >= REFRESH_MS) {
          refreshed = clock.now()
          await refreshWaiting()
        }
        if (Math.abs(clock.now() - looked) >= PROGRESS_MS) {
          looked = clock.now()
          await tellProgress()
        }
        await store.changed(LOOK_MS, signal).catch((error: unknown) => {
          if (!signal.aborted) throw error
        })
      }
    },
  }
  return answers

  /** Which runs speak for a commit and for a pull request: the newest ones that judge. `newest`: of all that were asked for. */
  async function newestOf({ id, repository, pull, commit, why }: RunRequest) {
    const known = pull ? await store.runs({ repository, pull: pull.number, limit: KNOWN }) : []
    const judging = known.filter(({ request }) => !request.why)
    const ofCommit = judging.find(({ request }) => request.commit === commit) ?? (why ? null : await store.run(id))
    return { ofCommit, ofPull: judging[0] ?? null, newest: known[0] ?? null }
  }

  /** `newest`: what was asked for last, which may be why this run is red. */
  async function wantComment(row: RunRow, newest: RunRow | null): Promise<void> {
    const { repository, pull } = row.request
    if (!pull) return
    const run = masker.mask(await runText(words, maskedRow(row, masker), clock.now()))
    await store.rewrite(repository, pull.number, (now) => {
      const reply = now?.reply && isToBeRead(now.reply, newest ?? row) ? now.reply : null
      return composed({ repository, pull: pull.number }, { run, reply })
    })
  }

  /** A run of a base says what pull requests change that had nothing to be compared with before. */
  async function tellThoseBasedOn({ request: { repository, commit }, state, folder }: RunRow): Promise<void> {
    if (state !== 'done') return
    parts.memory.learn(folder)
    const told = new Set<number>()
    for (const { request } of await store.runs({ repository, state: ['done'], limit: KNOWN })) {
      const { pull } = request
      if (!pull || told.has(pull.number)) continue
      told.add(pull.number)
      const { ofPull, newest } = await newestOf(request)
      const target = ofPull?.request.pull?.target
      if (ofPull && [target?.fork, target?.tip].includes(commit)) await wantComment(ofPull, newest)
    }
  }

  async function wantStatus(row: RunRow): Promise<void> {
    const { request } = row
    const place = row.state === 'queued' ? await store.place(request.id, clock.now()) : null
    const { state, description } = statusOf(maskedRow(row, masker), {
      place,
      progress: row.state === 'running' ? await progress.told(row) : null,
    })
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

  async function tellProgress(): Promise<void> {
    const running = await store.runs({ state: ['running'], limit: MOST_WAITING })
    const asked = running.filter(({ request }) => request.pull !== null)
    for (const row of await progress.moved(asked)) await answers.runChanged(row)
  }

  /** Those that wait longest come first. */
  async function refreshWaiting(): Promise<void> {
    const waiting = await store.runs({ state: ['queued'], limit: MOST_WAITING })
    for (const row of waiting.toReversed().slice(0, REFRESHED)) if (row.request.pull) await answers.runChanged(row)
  }
}

/** As far as answers tell runs apart. */
function isSame(a: RunRow | null, b: RunRow | null): boolean {
  return a?.request.id === b?.request.id && a?.state === b?.state && a?.attempt === b?.attempt
}

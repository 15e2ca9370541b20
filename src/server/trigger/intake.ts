import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { newRunId } from '../../lib/ids.ts'
import type { Forge, ForgeComment, ForgePull } from '../contract/forge.ts'
import type { RunRequest } from '../contract/request.ts'
import type { Answers, CommentEvent, Intake } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Decision, Enrolment, Store } from '../contract/store.ts'
import { type Command, readCommand } from './grammar.ts'
import { pollOnce } from './poll.ts'
import type { Replies, Reply } from './replies.ts'

export interface IntakeParts {
  readonly store: Store
  readonly forge: Forge
  readonly settings: Pick<ServerSettings, 'runMemoryBytes' | 'runDeadlineMs' | 'workerMemoryBytes'>
  readonly answers: Pick<Answers, 'runChanged'>
  readonly replies: Replies
  readonly clock: Clock
  readonly log: Logger
}

/** From comments to decisions. A decision is made once a comment; what is said of it is wanted first, so that a crash leads to no silence. */
export function makeIntake(parts: IntakeParts): Intake {
  const deciding = new Map<string, Promise<void>>()
  let self: Promise<string> | null = null
  const own = () => {
    self ??= parts.forge.self().catch((error: unknown) => {
      self = null
      throw error
    })
    return self
  }
  /** Webhooks of a repository and of its organisation, redeliveries and the poll may bring one comment at once: the first is waited for. */
  async function comment(event: CommentEvent): Promise<void> {
    const key = `${event.comment.repository.toLowerCase()}#${event.comment.id}`
    const before = deciding.get(key)
    if (before) return before
    const mine = decide(parts, own, event).finally(() => deciding.delete(key))
    deciding.set(key, mine)
    return mine
  }
  return { comment, poll: (signal) => pollOnce({ ...parts, comment }, signal) }
}

async function decide(parts: IntakeParts, own: () => Promise<string>, event: CommentEvent): Promise<void> {
  const { store, forge } = parts
  const { comment } = event
  const command = readCommand(comment.body)
  if (command === null) return
  if (same(comment.author, await own())) return
  if (await store.decided(comment.repository, comment.id)) return
  const enrolment = await store.enrolmentOf(comment.repository)
  const asked = new Asked(parts, comment)
  if (!enrolment) return asked.refuse('not-enrolled', { kind: 'not-enrolled' })
  if (Date.parse(comment.createdAt) < Math.floor(Date.parse(enrolment.at) / 1000) * 1000) return
  if (!(await mayAsk(forge, enrolment, comment))) {
    const first = await store.firstRefusal(comment.repository, comment.pull, comment.author)
    return first
      ? asked.refuse('refused', { kind: 'refused-stranger', login: comment.author })
      : asked.decided('refused', null)
  }
  if (command.kind === 'unclear') return asked.refuse('grammar', { kind: 'grammar', line: command.line })
  const pull = await forge.pull(comment.repository, comment.pull)
  if (command.kind === 'cancel') return asked.cancel(pull)
  if (pull.state === 'closed') return asked.refuse('refused', { kind: 'closed' }, pull.head.sha)
  const why = await whyNot(forge, event, command, pull)
  if (why) return asked.refuse('refused', why, pull.head.sha)
  await asked.test(command, pull, enrolment)
}

/** Members of the organisation, and whom the enrolment names. */
async function mayAsk(forge: Forge, { allow }: Enrolment, { author, repository }: ForgeComment): Promise<boolean> {
  if (allow.some((login) => same(login, author))) return true
  return forge.isMember(repository.split('/')[0] ?? '', author)
}

/**
 * A comment means the commit that its writer saw. A named commit has to be the head. Otherwise the webhook says what the head was; where
 * only polling tells of the comment, a push at or after its second makes it unclear, and it is refused with the commit to name.
 */
async function whyNot(
  forge: Forge,
  { comment, head }: CommentEvent,
  { sha }: Extract<Command, { kind: 'test' }>,
  pull: ForgePull,
): Promise<Reply | null> {
  const now = pull.head.sha
  if (sha !== null) return now.startsWith(sha) ? null : { kind: 'wrong-sha', head: now, asked: sha }
  if (head !== null) return head === now ? null : { kind: 'pushed-after', head: now, commented: head }
  const pushed = await forge.pushedSince(comment.repository, comment.pull, comment.createdAt)
  return pushed === null ? null : { kind: 'pushed-after', head: now, commented: null }
}

/** One comment on its way to its decision. */
class Asked {
  readonly #parts: IntakeParts
  readonly #comment: ForgeComment

  constructor(parts: IntakeParts, comment: ForgeComment) {
    this.#parts = parts
    this.#comment = comment
  }

  async refuse(decision: Decision, reply: Reply, head = ''): Promise<void> {
    await this.#say(reply, head)
    await this.decided(decision, null)
  }

  async decided(decision: Decision, run: string | null): Promise<void> {
    const { id: comment, repository, createdAt: at } = this.#comment
    await this.#parts.store.decide({ repository, comment, decision, at, run }, null)
    this.#parts.log.info({ repository, pull: this.#comment.pull, comment, decision }, 'a comment was decided')
  }

  async test(
    { quick, base }: Extract<Command, { kind: 'test' }>,
    pull: ForgePull,
    enrolment: Enrolment,
  ): Promise<void> {
    const { store, settings, answers, clock, log } = this.#parts
    const { repository, id: comment, author, createdAt: at } = this.#comment
    const commit = pull.head.sha
    const active = await store.runs({ repository, pull: pull.number, state: ['queued', 'running'], limit: 20 })
    const same = active.find(
      ({ request }) => request.commit === commit && request.quick === quick && request.base === base,
    )
    if (same) {
      await this.#say({ kind: 'already-running', run: same.request.id }, commit)
      return this.decided('ignored', same.request.id)
    }
    const memoryBytes = enrolment.memoryBytes ?? settings.runMemoryBytes
    const largest = await this.#largestWorker()
    if (largest !== null && memoryBytes > largest) {
      return this.refuse('refused', { kind: 'too-big', memoryBytes, largest }, commit)
    }
    const request: RunRequest = {
      schema: 1,
      id: newRunId(clock.now()),
      attemptOf: null,
      at: new Date(clock.now()).toISOString(),
      priority: 'pull',
      repository,
      pull: { number: pull.number, headRef: pull.head.ref, baseRef: pull.base.ref, comment, author },
      commit,
      base,
      quick,
      memoryBytes,
      deadlineMs: settings.runDeadlineMs,
    }
    const { first, superseded } = await store.decide(
      { repository, comment, decision: 'run', at, run: request.id },
      request,
    )
    if (!first) return
    log.info({ run: request.id, repository, pull: pull.number, comment, commit }, 'a run was asked for')
    const made = await store.run(request.id)
    for (const row of [...superseded, ...(made ? [made] : [])]) await answers.runChanged(row)
  }

  async cancel(pull: ForgePull): Promise<void> {
    const { store, answers, clock } = this.#parts
    const { repository, author } = this.#comment
    const active = await store.runs({ repository, pull: pull.number, state: ['queued', 'running'], limit: 20 })
    for (const { request } of active) {
      await store.cancel(request.id, `cancelled by ${author}`, clock.now())
      const row = await store.run(request.id)
      if (row) await answers.runChanged(row)
    }
    const runs = active.map(({ request }) => request.id)
    const reply: Reply = runs.length > 0 ? { kind: 'cancelled', runs, by: author } : { kind: 'nothing-to-cancel' }
    await this.refuse('cancel', reply, pull.head.sha)
  }

  /** Memory of the largest worker that was ever here; null: none is known yet, and one may come. */
  async #largestWorker(): Promise<number | null> {
    const { store, settings } = this.#parts
    const known = (await store.workers()).flatMap(({ memoryBytes }) => (memoryBytes === null ? [] : [memoryBytes]))
    const all = [...known, ...(settings.workerMemoryBytes > 0 ? [settings.workerMemoryBytes] : [])]
    return all.length > 0 ? Math.max(...all) : null
  }

  async #say(reply: Reply, head: string): Promise<void> {
    const { repository, pull, author: login } = this.#comment
    await this.#parts.replies.reply({ repository, pull, login, head }, reply)
  }
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

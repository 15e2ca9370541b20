import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { Masker } from '../../../src/lib/masking/mask.ts'
import type { CommentDeps } from '../../../src/server/comments/handle-comment.ts'
import { createCommentReceiver } from '../../../src/server/comments/receive.ts'
import type { CommentReceiver } from '../../../src/server/contract/services.ts'
import type { RunRow } from '../../../src/server/contract/store.ts'
import type { Enrollment } from '../../../src/server/enrollments/enrollment.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { createBaseMemory } from '../../../src/server/memory/against-base.ts'
import type { Reply } from '../../../src/server/publishing/replies.ts'
import { type OpenStore, openStore } from '../../../src/server/storage/open.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'
import { WebhookReceiver } from './webhook-receiver.ts'

export type Said = { repository: string; pull: number; login: string; head: string; reply: Reply }

/** The real forge and the real store with a receiver of comments between them; what is to be said and shown is written down. */
export class Stage {
  readonly gitea: Gitea
  readonly receiver: WebhookReceiver
  readonly store: OpenStore
  readonly comments: CommentReceiver
  readonly said: Said[] = []
  readonly shown: RunRow[] = []
  largest: number | null = null
  readonly #dir: string
  #count = 0

  constructor(gitea: Gitea, receiver: WebhookReceiver, store: OpenStore, dir: string) {
    this.gitea = gitea
    this.receiver = receiver
    this.store = store
    this.#dir = dir
    this.comments = this.another()
  }

  /** The state folder of its server. */
  get state(): string {
    return this.#dir
  }

  static async open(): Promise<Stage> {
    const gitea = await startGitea()
    const dir = await mkdtemp(join(tmpdir(), 'cc-ci-trigger-'))
    return new Stage(gitea, await WebhookReceiver.start(gitea), await openStore({ state: dir, databaseUrl: null }), dir)
  }

  /** Another server on the same store. */
  another(parts: Partial<CommentDeps> = {}): CommentReceiver {
    return createCommentReceiver({
      store: this.store,
      forge: giteaForge({ baseUrl: this.gitea.url, token: this.gitea.people.bot.token, timeoutMs: 3000 }),
      settings: { runMemoryBytes: 1000, runDeadlineMs: 60_000 },
      publisher: { runChanged: async (row) => void this.shown.push(row) },
      replies: { reply: async (to, reply) => void this.said.push({ ...to, reply }) },
      memory: createBaseMemory({ state: this.#dir, clock: systemClock, masker: new Masker() }),
      clock: systemClock,
      log: pino({ enabled: false }),
      largestWorker: async () => this.largest,
      ...parts,
    })
  }

  /** A repository of its own with an open pull request of a branch, enrolled. */
  async pull(enrolment: Partial<Enrollment> = {}) {
    const name = `recipe-${++this.#count}`
    const repository = `coop/${name}`
    const { admin, member: as } = this.gitea.people
    await this.gitea.api(admin, 'POST', '/orgs/coop/repos', { name, default_branch: 'main', auto_init: true })
    await this.enrol({ name: repository, ...enrolment })
    const file = { branch: 'main', new_branch: 'change', content: btoa('a'), message: 'a change' }
    const made = await this.gitea.api<{ commit: { sha: string } }>(as, 'POST', `/repos/${repository}/contents/a`, file)
    const head = made.commit.sha
    const { number } = await this.gitea.openPull({ as, repository, head: 'change' })
    return { repository, number, head }
  }

  enrol(enrolment: Partial<Enrollment> & { readonly name: string }): Promise<void> {
    const at = new Date().toISOString()
    return this.store.enroll({
      at,
      by: 'operator',
      allow: [],
      memoryBytes: null,
      mirrorOf: null,
      webhook: null,
      ...enrolment,
    })
  }

  /** Pushes again to the branch, and waits until the history of the pull request tells it. */
  async pushAgain({ repository, number }: { repository: string; number: number }): Promise<string> {
    const files = { a: `${Math.random()}` }
    const head = await this.gitea.push({ as: this.gitea.people.member, repository, branch: 'change', files })
    await this.gitea.historyTells(repository, number, head)
    return head
  }

  /** Comments, and hands the webhook that comes of it to the receiver. */
  async hear(
    login: 'member' | 'stranger' | 'bot',
    { repository, number }: { repository: string; number: number },
    body: string,
  ) {
    const id = await this.gitea.comment(this.gitea.people[login], repository, number, body)
    const event = await this.receiver.of(id)
    await this.comments.receive(event)
    return event
  }

  repliesTo({ repository }: { repository: string }): Reply[] {
    return this.said.filter((one) => one.repository === repository).map(({ reply }) => reply)
  }

  runsOf({ repository }: { repository: string }): Promise<readonly RunRow[]> {
    return this.store.runs({ repository, limit: 50 })
  }

  poll(comments = this.comments): Promise<number> {
    return comments.poll(new AbortController().signal)
  }

  async withdrawAll(): Promise<void> {
    for (const { name } of await this.store.enrollments()) await this.store.withdraw(name)
  }

  async close(): Promise<void> {
    this.receiver.close()
    await this.store.close()
    await this.gitea[Symbol.asyncDispose]()
    await rm(this.#dir, { recursive: true, force: true })
  }
}

/** The forge tells whole seconds: waits for its next one. */
export async function nextSecond(): Promise<void> {
  await systemClock.sleep(1010 - (Date.now() % 1000))
}

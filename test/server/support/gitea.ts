// cspell:ignore recentupdate
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { type Account, call, callRaw, type Json } from './gitea-api.ts'
import { type CommitOrder, commitFiles, forcePush } from './gitea-git.ts'
import { makeOrganisation, makeToken, makeUser } from './gitea-people.ts'
import { freePort, send, startProcess, stopProcess } from './gitea-process.ts'
import { copySeed, ORGANISATION, type People, REPOSITORY } from './gitea-seed.ts'

export type { Account } from './gitea-api.ts'

type Order<T> = Omit<T, 'url'>

export interface PullOrder {
  readonly as: Account
  readonly repository: string
  /** `BRANCH`, or `OWNER:BRANCH` of a fork. */
  readonly head: string
  readonly base?: string
  readonly title?: string
}

export interface CommentFacts {
  readonly id: number
  readonly body: string
  readonly author: string
  readonly createdAt: string
  readonly updatedAt: string
}

export interface StatusFacts {
  readonly context: string
  readonly state: string
  readonly description: string
  readonly url: string
}

/**
 * A real Gitea of this test's own on a free port of loopback, with an organisation `coop`, its repository `coop/hello` (branch main, one
 * commit) and four accounts. Built and seeded once per machine, else ready within a second or two. It dies with the test's process.
 */
export class Gitea {
  readonly url: string
  readonly dir: string
  readonly people: People
  readonly organisation = ORGANISATION
  readonly repository = REPOSITORY
  readonly #begin: () => Promise<number>
  #pid: number | null = null

  constructor(url: string, dir: string, people: People, begin: () => Promise<number>) {
    this.url = url
    this.dir = dir
    this.people = people
    this.#begin = begin
  }

  /** Begins, or begins again after `stop`, at the same address with the same state. */
  async start(): Promise<void> {
    this.#pid ??= await this.#begin()
  }

  /** Ends the server; its state stays. */
  async stop(): Promise<void> {
    if (this.#pid !== null) await stopProcess(this.#pid)
    this.#pid = null
  }

  /** Accepts connections and says nothing (SIGSTOP), until `resume`. */
  pause(): void {
    if (this.#pid !== null) send(this.#pid, 'SIGSTOP')
  }

  resume(): void {
    if (this.#pid !== null) send(this.#pid, 'SIGCONT')
  }

  /** Ends it and deletes its state. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.dir, { recursive: true, force: true })
  }

  /** Any call of the API (`path` below /api/v1, its parts encoded by the caller); throws GiteaCallError where the answer is no 2xx. */
  api<T = Json>(as: Account | null, method: string, path: string, body?: unknown): Promise<T> {
    return call<T>(this.url, as, method, path, body)
  }

  raw(as: Account | null, method: string, path: string, body?: unknown): Promise<Response> {
    return callRaw(this.url, as, method, path, body)
  }

  makeUser(login: string): Promise<Account> {
    return makeUser(this.url, this.people.admin, login)
  }

  /** The account with another token. */
  withToken(account: Account, scopes: readonly string[]): Promise<Account> {
    return makeToken(this.url, account, scopes)
  }

  /** An organisation with `bot` and `member` in teams that may write. */
  async makeOrganisation(name: string): Promise<void> {
    await makeOrganisation(this.url, this.people.admin, name, { bot: 'bot', member: 'member' })
  }

  /** `ORG/REPO`, new, with this tree on `main`. Gives the commit. */
  async makeRepository(
    repository: string,
    files: Readonly<Record<string, string>>,
    tags: readonly string[] = [],
  ): Promise<string> {
    const [owner, name] = repository.split('/') as [string, string]
    await this.api(this.people.admin, 'POST', `/orgs/${owner}/repos`, { name, default_branch: 'main' })
    const commit = await this.push({ as: this.people.admin, repository, branch: 'main', files, tags })
    await this.settled(repository)
    return commit
  }

  /** Waits until the forge has learnt of the first push of a repository: before that it knows no pull requests. */
  async settled(repository: string): Promise<void> {
    await this.#eventually('the first push', async () => !(await this.api(null, 'GET', `/repos/${repository}`)).empty)
  }

  push(order: Order<CommitOrder>): Promise<string> {
    return commitFiles({ ...order, url: this.url })
  }

  /** Moves a branch to `to` (a commit, or `origin/BRANCH`). */
  forcePush(order: Order<Omit<CommitOrder, 'files'>> & { readonly to: string }): Promise<string> {
    return forcePush({ ...order, url: this.url })
  }

  /** Forks to the account's own name. Gives `LOGIN/REPO`. */
  async fork(as: Account, repository: string): Promise<string> {
    const { full_name } = await this.api<{ full_name: string }>(as, 'POST', `/repos/${repository}/forks`, {})
    return full_name
  }

  async openPull(order: PullOrder): Promise<{ readonly number: number; readonly head: string }> {
    const { number, head } = await this.api<{ number: number; head: { sha: string } }>(
      order.as,
      'POST',
      `/repos/${order.repository}/pulls`,
      { head: order.head, base: order.base ?? 'main', title: order.title ?? 'A change' },
    )
    return { number, head: head.sha }
  }

  /** Waits until the pull request's head is this commit: the forge learns of a push from a queue. */
  async headIs(repository: string, pull: number, commit: string): Promise<void> {
    await this.#eventually(`#${pull} at ${commit}`, async () => {
      const { head } = await this.api<{ head: { sha: string } }>(null, 'GET', `/repos/${repository}/pulls/${pull}`)
      return head.sha === commit
    })
  }

  /** Waits until the pull request's history tells of the push of this commit: the row is written after the head has moved. */
  async historyTells(repository: string, pull: number, commit: string): Promise<void> {
    await this.#eventually(`history of #${pull} with ${commit}`, async () => {
      const path = `/repos/${repository}/issues/${pull}/timeline`
      const rows = await this.api<({ type: string; body: string } | null)[]>(null, 'GET', path)
      return rows.some((row) => row?.type === 'pull_push' && row.body.includes(commit))
    })
  }

  async comment(as: Account, repository: string, pull: number, body: string): Promise<number> {
    const { id } = await this.api<{ id: number }>(as, 'POST', `/repos/${repository}/issues/${pull}/comments`, { body })
    return id
  }

  async editComment(as: Account, repository: string, id: number, body: string): Promise<void> {
    await this.api(as, 'PATCH', `/repos/${repository}/issues/comments/${id}`, { body })
  }

  async deleteComment(as: Account, repository: string, id: number): Promise<void> {
    await this.api(as, 'DELETE', `/repos/${repository}/issues/comments/${id}`)
  }

  /** Oldest first. */
  async comments(repository: string, pull: number): Promise<readonly CommentFacts[]> {
    const found = await this.api<
      { id: number; body: string; user: { login: string }; created_at: string; updated_at: string }[]
    >(this.people.admin, 'GET', `/repos/${repository}/issues/${pull}/comments`)
    return found.map(({ id, body, user, created_at, updated_at }) => ({
      id,
      body,
      author: user.login,
      createdAt: created_at,
      updatedAt: updated_at,
    }))
  }

  /** Every status that was ever set on the commit, newest first. */
  async statuses(repository: string, commit: string): Promise<readonly StatusFacts[]> {
    const found = await this.api<
      { id: number; context: string; status: string; description: string; target_url: string }[]
    >(this.people.admin, 'GET', `/repos/${repository}/commits/${commit}/statuses?limit=50&sort=recentupdate`)
    // Times are whole seconds: only the id tells which of two came first.
    const newestFirst = found.toSorted((a, b) => b.id - a.id)
    return newestFirst.map(({ context, status, description, target_url }) => ({
      context,
      state: status,
      description,
      url: target_url,
    }))
  }

  /** Sends the webhook's test event (a push); Gitea's API lists no past deliveries. */
  async testWebhook(repository: string, id: number): Promise<void> {
    await this.api(this.people.admin, 'POST', `/repos/${repository}/hooks/${id}/tests`)
  }

  async #eventually(name: string, look: () => Promise<boolean>): Promise<void> {
    const seen = await waitFor<null, never>(
      async () => ((await look()) ? { state: 'ready', value: null } : { state: 'waiting', reason: 'not yet' }),
      { name, timeoutMs: 120_000, everyMs: 30 },
    )
    if (seen.state !== 'ready') throw new Error(`${name} did not come`)
  }
}

/** A fresh one, running. `await using gitea = await startGitea()`, or dispose of it in `afterAll`. */
export async function startGitea(log: (line: string) => void = () => undefined): Promise<Gitea> {
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-gitea-'))
  try {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const { built, people } = await copySeed(dir, port, log)
    const gitea = new Gitea(url, dir, people, () => startProcess(dir, url, built))
    await gitea.start()
    return gitea
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

import type { CommentFacts, Gitea } from './gitea.ts'
import type { TestServer } from './server.ts'

/** A run as the API tells it, the part that tests look at. */
export interface RunFacts {
  readonly request: { readonly id: string; readonly commit: string; readonly pull: { readonly comment: number } | null }
  readonly state: string
  readonly attempt: number
  readonly outcome: {
    readonly verdict: string | null
    readonly teardown: string
    readonly message: string
  } | null
}

/** A pull request of the member's with one changed README, and what people see of it. */
export class TestPull {
  readonly gitea: Gitea
  readonly repository: string
  readonly number: number
  readonly commit: string

  constructor(gitea: Gitea, repository: string, pull: { readonly number: number; readonly head: string }) {
    this.gitea = gitea
    this.repository = repository
    this.number = pull.number
    this.commit = pull.head
  }

  /** The member comments. Gives the comment's id. */
  say(body: string): Promise<number> {
    return this.gitea.comment(this.gitea.people.member, this.repository, this.number, body)
  }

  /** Comments of the bot. */
  async ours(): Promise<readonly CommentFacts[]> {
    return (await this.gitea.comments(this.repository, this.number)).filter(({ author }) => author === 'bot')
  }

  /** `STATE DESCRIPTION` of each status that was ever set on the commit, newest first. */
  async statuses(): Promise<readonly string[]> {
    const found = await this.gitea.statuses(this.repository, this.commit)
    return found.map(({ state, description }) => `${state} ${description}`)
  }

  /** Newest first, as this server tells it. */
  async runs(server: TestServer): Promise<readonly RunFacts[]> {
    const path = `/runs?repository=${this.repository}&pull=${this.number}`
    return (await server.api<{ runs: RunFacts[] }>('GET', path)).runs
  }

  /** Its newest run has ended, and both the status and the comment say so. */
  async isAnswered(server: TestServer): Promise<boolean> {
    const [run] = await this.runs(server)
    if (!run || ['queued', 'running'].includes(run.state)) return false
    const [[status], [comment]] = [await this.statuses(), await this.ours()]
    return status !== undefined && !status.startsWith('pending') && comment?.body.includes(run.request.id) === true
  }
}

export async function openPull(gitea: Gitea, repository: string, branch: string): Promise<TestPull> {
  const { member } = gitea.people
  await gitea.push({ as: member, repository, branch, from: 'main', files: { 'README.md': `${branch}\n` } })
  return new TestPull(gitea, repository, await gitea.openPull({ as: member, repository, head: branch }))
}

/** A webhook of the repository's that tells this server of comments. */
export async function addWebhook(gitea: Gitea, repository: string, server: TestServer): Promise<void> {
  await gitea.api(gitea.people.admin, 'POST', `/repos/${repository}/hooks`, {
    ...{ type: 'gitea', active: true, events: ['issue_comment', 'pull_request_comment'] },
    config: { url: `${server.url}/hooks/gitea`, content_type: 'json', secret: server.webhookSecret },
  })
}

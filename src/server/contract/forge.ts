// cspell:ignore Forgejo PKCE
import type { Clock } from '../../lib/async/clock.ts'

/** The kinds of forge that a server can be connected to: folders of `src/server/forge/`. Forgejo has Gitea's API. */
export const FORGE_KINDS = ['gitea'] as const
export type ForgeKind = (typeof FORGE_KINDS)[number]

/** A comment on a pull request. */
export interface ForgeComment {
  readonly id: number
  readonly body: string
  /** Login, lower case is not assumed. */
  readonly author: string
  /** ISO 8601, whole seconds. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly pull: number
  readonly repository: string
}

export interface ForgePull {
  readonly repository: string
  readonly number: number
  readonly state: 'open' | 'closed'
  readonly author: string
  readonly head: { readonly sha: string; readonly ref: string; readonly repository: string | null }
  /** `mergeBase`: the commit at which the change left the target branch; null where the forge names none. */
  readonly base: { readonly sha: string; readonly ref: string; readonly mergeBase: string | null }
}

export interface ForgeTag {
  readonly name: string
  readonly commit: string
  readonly annotated: boolean
}

export interface ForgeStatus {
  readonly context: string
  readonly state: 'pending' | 'success' | 'failure' | 'error'
  readonly description: string
  readonly url: string
}

/** A new comment, from a webhook or from polling. */
export interface CommentEvent {
  readonly comment: ForgeComment
  /** The head of the pull request at the time of the comment (40 hex), as the webhook names it; null from polling, which knows only the current one. */
  readonly head: string | null
}

export interface WebhookDelivery {
  readonly headers: Headers
  /** The raw bytes as received. */
  readonly body: Uint8Array
  readonly secret: string
}

export type WebhookReading =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'malformed'; readonly why: string }
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'comment'; readonly event: CommentEvent }

/** A webhook as a person would paste it where the token may not make it. */
export interface WebhookValues {
  readonly url: string
  readonly contentType: 'json'
  readonly events: readonly string[]
}

/** A webhook as the forge has it now. */
export interface ForgeWebhook {
  readonly active: boolean
  readonly events: readonly string[]
}

export interface ForgeOptions {
  /** No slash at its end. */
  readonly baseUrl: string
  readonly token: string
  readonly fetch?: typeof fetch
  readonly clock?: Clock
  /** Of one request, from the first byte sent to the last byte read. Default 15 s. */
  readonly timeoutMs?: number
}

/** Addresses of pages for people. */
export interface ForgePageUrls {
  pull(repository: string, number: number): string
  commit(repository: string, commit: string): string
  /** `path`: of a file or folder. */
  file(repository: string, commit: string, path: string): string
  compare(repository: string, from: string, to: string): string
  /** Where a person creates a webhook by hand. `name`: `ORG/REPO` or `ORG`. */
  newWebhook(name: string): string
  /** Where the webhooks of a repository or organisation are listed, with their deliveries. */
  webhooks(name: string): string
}

export interface OauthClient {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
}

/** Login of people by the forge: OAuth2, authorisation code with PKCE (S256). */
export interface ForgeOauth {
  authorizeUrl(login: { readonly state: string; readonly challenge: string }): string
  /** The login of the person who authorised. Throws ForgeError; `forge-refused` for a code that the forge does not accept. */
  loginOf(grant: { readonly code: string; readonly verifier: string }): Promise<string>
}

/** All that depends on the kind of forge. Webhooks are sent to `/hooks/<kind>`. */
export interface ForgeImplementation {
  connect(options: ForgeOptions): Forge
  /** The events that a webhook must send, by the forge's names. */
  readonly webhookEvents: readonly string[]
  /**
   * Reads one delivery. Nothing is parsed before the signature of the raw body is verified; addresses in it are never used. Only a comment that was
   * just created on a pull request is `comment`.
   */
  readWebhook(delivery: WebhookDelivery): WebhookReading
  /** The git ref of the head of a pull request. */
  pullRef(number: number): string
  pageUrls(baseUrl: string): ForgePageUrls
  oauth(baseUrl: string, client: OauthClient): ForgeOauth
}

/**
 * A connection to one forge. Only ever talks to the address it was made with; answers are parsed through schemas. Every call has a deadline of
 * its own. Throws ForgeError: `forge-gone` (no answer, 5xx, 429: try later, `retryAfterMs`), `forge-refused` (401, 403: the token lacks
 * something; says what), `forge-missing` (404), `forge-broken` (an answer that no schema knows).
 */
export interface Forge {
  readonly baseUrl: string
  /** Login of the token's account: its own comments are never triggers. */
  self(): Promise<string>
  isMember(organisation: string, login: string): Promise<boolean>
  pull(repository: string, number: number): Promise<ForgePull>
  comment(repository: string, id: number): Promise<ForgeComment | null>
  /** The newest time (ISO 8601) at which the head of the pull request was pushed after `since`; null: not pushed since. */
  pushedSince(repository: string, number: number, since: string): Promise<string | null>
  /** Comments on pull requests changed at or after `since`, oldest first, all pages. */
  commentsSince(repository: string, since: string): Promise<readonly ForgeComment[]>
  /** Open pull requests of an organisation with something new at or after `since`: where to look at all. */
  activePulls(
    organisation: string,
    since: string,
  ): Promise<readonly { readonly repository: string; readonly pull: number }[]>
  repositories(organisation: string): Promise<readonly string[]>
  /** Our own comment on a pull request that begins with `marker`; null when there is none. */
  findComment(repository: string, pull: number, marker: string): Promise<ForgeComment | null>
  addComment(repository: string, pull: number, body: string): Promise<number>
  /** False when the comment is gone. */
  editComment(repository: string, id: number, body: string): Promise<boolean>
  latestStatus(repository: string, commit: string, context: string): Promise<ForgeStatus | null>
  setStatus(repository: string, commit: string, status: ForgeStatus): Promise<void>
  /** Makes the webhook of a repository or organisation, or finds the one with the same URL. Null where the token may not. */
  ensureWebhook(name: string, values: WebhookValues, secret: string): Promise<number | null>
  removeWebhook(name: string, id: number): Promise<void>
  /** The webhook of a repository or organisation that sends to this URL; null: there is none. Throws ForgeError `forge-refused` where the token may not look. */
  webhook(name: string, url: string): Promise<ForgeWebhook | null>
  /** The commit a branch, tag or (short) commit id names; null when none or several. */
  resolveCommit(repository: string, ref: string): Promise<string | null>
  /**
   * The git tree of a folder at the root of a commit, 40 hex; null where the commit has no folder of that name. Throws ForgeError `forge-missing` for a commit that the
   * repository does not have.
   */
  folderTree(repository: string, commit: string, folder: string): Promise<string | null>
  /** Every file below a git tree: path to the id of its content. Throws ForgeError `forge-broken` where there are more than 10,000. */
  filesOf(repository: string, tree: string): Promise<ReadonlyMap<string, string>>
  /** The text of a file by the id of its content, as `filesOf` gives it; null where it is larger than that, or is no text. */
  fileText(repository: string, id: string, mostBytes: number): Promise<string | null>
  defaultBranch(repository: string): Promise<string>
  /** Tags of a repository, all pages: each with its commit, and whether it is annotated. */
  tags(repository: string): Promise<readonly ForgeTag[]>
  /** Open pull requests of a repository, all pages. */
  openPulls(repository: string): Promise<readonly ForgePull[]>
  /** True when `commit` is `tip` or one of its ancestors (40 hex digits each); false too when the repository does not have it. */
  isContained(repository: string, commit: string, tip: string): Promise<boolean>
  /** Closes without merging. */
  closePull(repository: string, number: number): Promise<void>
  /** URL to clone from, and the header that lets the token in: given to git by environment, never by argument. */
  cloneSource(repository: string): { readonly url: string; readonly authorization: string | null }
}

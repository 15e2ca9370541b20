/** What a comment is told when no run speaks for itself. Commit ids are whole (40 hex digits) but for what was `asked`. */
export type Reply =
  | { readonly kind: 'not-enrolled' }
  | { readonly kind: 'refused-stranger'; readonly login: string }
  /** The branch was pushed after the comment; `commented`: the head that the commenter saw, null where nobody knows. */
  | { readonly kind: 'pushed-after'; readonly head: string; readonly commented: string | null }
  | { readonly kind: 'wrong-sha'; readonly head: string; readonly asked: string }
  | { readonly kind: 'grammar'; readonly line: string }
  | { readonly kind: 'already-running'; readonly run: string }
  | { readonly kind: 'cancelled'; readonly runs: readonly string[]; readonly by: string }
  | { readonly kind: 'nothing-to-cancel' }
  /** Why an attribution would find out nothing. */
  | { readonly kind: 'why-not'; readonly reason: string }
  | { readonly kind: 'closed' }
  /** `upstream`: `ORG/REPO`, whose branch has the commit already. */
  | { readonly kind: 'already-upstream'; readonly upstream: string; readonly commit: string }
  | { readonly kind: 'too-big'; readonly memoryBytes: number; readonly largest: number }

/**
 * Words for a pull request: they stay until something newer is asked for. A reply is wanted state: the same one again changes nothing. Throws what the
 * store throws.
 */
export interface Replies {
  reply(
    to: {
      readonly repository: string
      readonly pull: number
      readonly login: string
      readonly head: string
      /** The comment that is answered; null where none is. */
      readonly comment: number | null
    },
    reply: Reply,
  ): Promise<void>
}

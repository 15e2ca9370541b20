/** What is said at a pull request where no run was made, or one was ended. */
export type Reply =
  | { readonly kind: 'not-enrolled' }
  | { readonly kind: 'refused-stranger'; readonly login: string }
  | { readonly kind: 'pushed-after'; readonly head: string; readonly commented: string | null }
  | { readonly kind: 'wrong-sha'; readonly head: string; readonly asked: string }
  | { readonly kind: 'grammar'; readonly line: string }
  | { readonly kind: 'already-running'; readonly run: string }
  | { readonly kind: 'cancelled'; readonly runs: readonly string[]; readonly by: string }
  | { readonly kind: 'nothing-to-cancel' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'too-big'; readonly memoryBytes: number; readonly largest: number }

export interface Replies {
  /** Wants the reply in the one comment of the pull request. `head`: 40 hex, or empty where it is not known. */
  reply(
    to: { readonly repository: string; readonly pull: number; readonly login: string; readonly head: string },
    reply: Reply,
  ): Promise<void>
}

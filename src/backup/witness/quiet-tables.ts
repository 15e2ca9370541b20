/**
 * Tables that apps empty on their own: fewer rows there are no loss. By words of the name, so that `sessions` and `user_sessions` do and
 * `catalogue` does not. The shadow tables of a full text index are made again from the data they index.
 */
const VOLATILE =
  /(^|[._])(sessions?|tokens?|caches?|transients?|queues?|jobs?|locks?|semaphores?|logs?|logging|watchdog|events?_processed|nonces?|otps?|mfas?|auth_origins?|captchas?|(failed|login)_attempts?|flood|migrations?|schema_versions?|heartbeats?|presence|throttles?|background_(updates?|tasks?)|rate_limits?|temp|tmp|metrics|telemetry|search_?index(es)?)($|[._])|_fts\d?_(data|idx|docsize|content|config|segments|segdir|stat)$/i

/** Tables in which an app keeps what it needs itself, or says of an installation or a client of it, and tidies when a new version needs other things. Emptied they are a loss all the same. */
const HOUSEKEEPING =
  /(^|[._])(settings?|options?|configs?|configurations?|app_?config|parameters?|permissions?|capabilit(y|ies)|features?|feature_flags?|plugins?|modules?|extensions?|translations?|locales?|templates?|schedules?|schedulers?|(realm|client|tenant|instance|server|system|site)_(attributes?|properties|metadata))($|[._])/i

/** Roles and integrations that an app has built in. By the whole name alone: `user_roles` and `roles_users` say who has them. */
const BUILT_IN = /(^|\.)(roles?|integrations?)$/i

/** `volatile`: any number of rows may go. `housekeeping`: some may, not all. `data`: none. */
export type TableCare = 'volatile' | 'housekeeping' | 'data'

/** What the name of a table (`schema.table`) says about its rows. `VerificationToken` reads like `verification_token`. */
export function careOf(table: string): TableCare {
  const words = table.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_')
  return VOLATILE.test(words) ? 'volatile' : HOUSEKEEPING.test(words) || BUILT_IN.test(words) ? 'housekeeping' : 'data'
}

import type { ForgeKind } from './forge.ts'

/** Times of a week, in UTC. */
export interface SweepTimes {
  /** 0: Sunday. */
  readonly days: readonly number[]
  readonly minuteOfDay: number
}

/** The settings of one server. Secrets come from the environment or files, never from flags. */
export interface ServerSettings {
  readonly state: string
  readonly host: string
  readonly port: number
  /** Proxies of ours before it, each of which adds to X-Forwarded-For; 0: clients are who connects. */
  readonly proxies: number
  /** Where people and the forge reach this server; no slash at its end. Links and the webhook's URL begin with it. */
  readonly publicUrl: string
  readonly forgeKind: ForgeKind
  /** The one forge that is ever called; no slash at its end. */
  readonly forgeUrl: string
  readonly forgeToken: string
  /** At least 16 characters. */
  readonly webhookSecret: string
  /** At least 32 characters. */
  readonly operatorToken: string
  /** Null: the embedded database in `<state>/server/database`. */
  readonly databaseUrl: string | null
  /** Memory for runs of the embedded worker, bytes; 0: no embedded worker. */
  readonly workerMemoryBytes: number
  /** What a run is scheduled with where its enrollment says nothing. */
  readonly runMemoryBytes: number
  readonly runDeadlineMs: number
  readonly pollMs: number
  /** Runs of that age are pruned, ms; null: whatever their age. */
  readonly pruneOlderThanMs: number | null
  /** What all run folders may hold together before the oldest are pruned, bytes; null: whatever they hold. */
  readonly pruneMaxBytes: number | null
  /** What the mirrors that bundles are made from may hold together, bytes; null: whatever they hold. */
  readonly mirrorsMaxBytes: number | null
  /** When everything that is enrolled is swept; null: never by itself. */
  readonly sweepAt: SweepTimes | null
  /** A list (`sweep.yml`) whose exclusions count; null: nothing is excluded. */
  readonly sweepList: string | null
  /** Login by the forge (OAuth2); null: operator token alone. */
  readonly oauth: { readonly clientId: string; readonly clientSecret: string } | null
  /** Members of this organisation are operators when they log in by the forge; required with oauth. */
  readonly operatorOrganisation: string | null
}

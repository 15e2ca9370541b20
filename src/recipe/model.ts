import type { SourceLocation } from '../lib/text/source-location.ts'
import type { Finding } from '../verdict/events.ts'
import type { ComposeSource } from './compose/source.ts'

/** A recipe as a git repository on this machine. Reading it changes nothing in it. */
export interface RecipeRepo {
  /** The folder's name, or the last part of the URL without `.git`. */
  readonly name: string
  /** Absolute path of the work tree. */
  readonly dir: string
  /** The path or URL it came from, without credentials. */
  readonly origin: string
  readonly head: { readonly commit: string; readonly dirty: boolean; readonly branch: string | null }
  /** Released versions, oldest first: annotated tags of the form `<semver>+<upstream>`. */
  readonly versions: readonly RecipeVersion[]
  /** Tags that look like a version but are not annotated (lint R014). */
  readonly lightweightTags: readonly string[]
  readonly history: History
}

/** Whether commits and tags that belong to a repository are known to be there: a clone may have been made without them. */
export type History =
  | { readonly kind: 'whole' }
  /** `lacks`: what the clone lacks, as a sentence's beginning; it was fetched from `origin`, into a folder beside it. */
  | { readonly kind: 'fetched'; readonly lacks: string; readonly origin: string }
  /** `remedy`: the command that fetches it. `why`: why that was not done, when it was tried. */
  | { readonly kind: 'partial'; readonly lacks: string; readonly remedy: string; readonly why?: string }

/** `<recipe semver>+<upstream tag>`, ordered by the left half, then the right. */
export interface RecipeVersion {
  readonly tag: string
  readonly recipe: string
  readonly upstream: string
  /** The commit the tag points at (peeled). */
  readonly commit: string
}

/** The files of one commit (or of a dirty work tree), parsed. */
export interface RecipeTree {
  readonly dir: string
  readonly env: EnvSample
  /** `export NAME=value` lines of abra.sh, read without executing anything. Empty without the file. */
  readonly abraExports: ReadonlyMap<string, { readonly value: string; readonly place: SourceLocation }>
  /** Null without a README or metadata block. Keys as written: `Category`, `Backups`, ... */
  readonly metadata: ReadonlyMap<string, string> | null
  /** What is odd about these files and keeps nobody from deploying: `not-utf8`, `readme-unread`. */
  readonly findings: readonly Finding[]
}

/** One active line of `.env.sample`. Duplicate keys are legal; later lines see earlier ones. */
export interface EnvEntry {
  readonly key: string
  readonly value: string
  /** `length`, `charset`, `generate` and what else stood behind `#` as `name=value`. */
  readonly modifiers: ReadonlyMap<string, string>
  readonly place: SourceLocation
}

export interface EnvSample {
  readonly entries: readonly EnvEntry[]
  /** Commented `KEY=value` lines: features that an operator may turn on. */
  readonly optional: readonly EnvEntry[]
  /** The last value of each key after expansion. */
  readonly values: ReadonlyMap<string, string>
}

/** The environment of one app: `.env.sample`, then abra.sh, then what the run sets (DOMAIN, STACK_NAME, settings). */
export type AppEnv = ReadonlyMap<string, string>

/** A compose service after merging and interpolation; only what cc-ci reads is typed, the rest is kept as it is. */
export interface ComposeService {
  readonly image?: string
  readonly command?: string | readonly string[]
  readonly environment?: Readonly<Record<string, string | null>>
  readonly healthcheck?: Readonly<Record<string, unknown>>
  readonly volumes?: readonly ComposeMount[]
  readonly networks?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>
  readonly ports?: readonly ComposePort[]
  readonly secrets?: readonly { readonly source: string; readonly target?: string }[]
  readonly configs?: readonly { readonly source: string; readonly target?: string }[]
  readonly deploy?: {
    readonly mode?: string
    readonly replicas?: number
    readonly endpoint_mode?: string
    /** Always the map form here. */
    readonly labels?: Readonly<Record<string, string>>
    readonly [key: string]: unknown
  }
  readonly [key: string]: unknown
}

/** Always the long form here. */
export interface ComposeMount {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'npipe' | 'cluster'
  readonly source?: string
  readonly target: string
  readonly read_only?: boolean
  readonly [key: string]: unknown
}

/** Always the long form here. */
interface ComposePort {
  readonly target: number
  readonly published?: number
  readonly protocol: string
  readonly mode: 'ingress' | 'host'
}

export interface ComposeNamed {
  readonly name?: string
  readonly external?: boolean
  readonly file?: string
  readonly template_driver?: string
  readonly [key: string]: unknown
}

/** The document that is deployed, as plain data: merged, interpolated, normalised to long forms. */
export interface ComposeModel {
  readonly version?: string
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, ComposeNamed>>
  readonly volumes: Readonly<Record<string, ComposeNamed>>
  readonly secrets: Readonly<Record<string, ComposeNamed>>
  readonly configs: Readonly<Record<string, ComposeNamed>>
}

export interface ResolvedStack {
  readonly model: ComposeModel
  /** The compose files that took part, in order, relative to the tree. */
  readonly files: readonly string[]
  readonly findings: readonly Finding[]
  /** The files as written, before interpolation and merging; `resolveStack` always gives them. */
  readonly sources?: readonly ComposeSource[]
  /** What the engine fills in before a container gets it: files with a `template_driver`, by their key; null: bytes that are no text. */
  readonly templates?: ReadonlyMap<string, { readonly path: readonly string[]; readonly text: string | null }>
  /** What the engine gives the containers as files, by the same keys (`configs.name`), in bytes at most. */
  readonly mountedBytes?: ReadonlyMap<string, number>
  /** Where a path of the model was written; the nearest known parent when the exact one is not. */
  place(path: readonly string[]): SourceLocation | undefined
}

/** An external secret that a service of the resolved stack uses and that must exist before the deployment. */
export interface SecretSpec {
  /** The key under `secrets:`. */
  readonly key: string
  /** The full Swarm name, `<stack>_<name>_<version>`; at most 64 characters. */
  readonly name: string
  /** Undefined: a passphrase of words. */
  readonly length?: number
  readonly charset?: string
  /** False: an operator inserts it by hand (`generate=false`). */
  readonly generate: boolean
  readonly place?: SourceLocation
}

import type { EdgeAddress } from '../edge/address.ts'
import type { Engine } from '../engine/client.ts'

/** What a provider may use of the machine. */
export interface ProviderHost {
  readonly engine: Engine
  readonly edge: EdgeAddress
  /** False where service VIPs carry no traffic: give services `endpoint_mode: dnsrr`. */
  readonly vips: boolean
  readonly signal: AbortSignal
  readonly log: (line: string) => void
}

/** The run that needs it. */
export interface ProviderRun {
  readonly runId: string
  /** The app's domain: redirects lead there. */
  readonly domain: string
  /** Prefix of the names of what is made for this run alone; together with the run's label it is found by the ledger. */
  readonly stack: string
  /** The run's app stays up after its process has ended (`--keep`): `sweep` leaves what is made for it alone. */
  readonly keep?: boolean
}

/** The outputs of a dependency for one run: all that outlives the process which requested it. */
export interface DependencyOutputs {
  /**
   * Flat texts under fixed names (camelCase): what `ctx.deps.<name>` and the fixture `deps` hold, and, as `CC_CI_DEP_<NAME>_<KEY>` in upper snake
   * case, the environment of `install-steps.sh`.
   */
  readonly credentials: Readonly<Record<string, string>>
  /** Values among them that must never be shown. */
  readonly secrets: readonly string[]
  /** Stack and domain that custom code may reach; null when it needs none (reached by the harness alone). */
  readonly reach: { readonly stack: string; readonly domain: string } | null
  /** PEM of an authority that the app's containers must trust to talk to it; null for none. */
  readonly authority: string | null
}

/** A dependency as one run has it: its outputs, and what can be done with it. */
export interface ProvidedDependency extends DependencyOutputs {
  /** What tests may ask through the fixture: `deps.smtp.messages()`. Parameters are a stranger's data. */
  readonly calls: Readonly<Record<string, (params: unknown) => Promise<unknown>>>
  /** Looks whether it works right now; throws InfraError with what is wrong. */
  health(): Promise<void>
  /** `Provider.release` for this run; of one that was attached to: does nothing, because it is the kept run's. */
  release(): Promise<void>
}

/**
 * Something that an app needs and that is no part of its recipe. `ensure` brings up what the machine shares (once, kept warm,
 * idempotent, several processes may call it at once); `provide` makes what one run needs and registers nothing elsewhere:
 * the caller calls `release` whatever happens. `sweep` removes what dead runs left. What others made is never touched. All throw InfraError with a remedy.
 */
export interface Provider {
  /** As it stands in `deps:`. */
  readonly name: string
  /** One line for the reference. */
  readonly what: string
  /** Every key of `credentials` and what it is: the reference page and `plan` show it. */
  readonly outputs: Readonly<Record<string, string>>
  ensure(host: ProviderHost): Promise<void>
  /**
   * Marked with the process that made it from the first step on: a kill between two steps leaves nothing that `sweep` does not find. Asked
   * again for the same run it makes everything anew, because an attempt that was given up may have left its half, or finish it late.
   */
  provide(host: ProviderHost, run: ProviderRun): Promise<ProvidedDependency>
  /**
   * Takes up what `provide` made for a kept run, in another process (`--attach`). Makes and asks nothing: whether it is still there is for
   * `health` to say.
   */
  attach(host: ProviderHost, run: Pick<ProviderRun, 'runId' | 'stack'>, outputs: DependencyOutputs): ProvidedDependency
  /**
   * Removes what was made for a run, kept or not. Idempotent; also safe when making it had failed half way, when nothing was made, and when
   * the host's signal is aborted: it has a deadline of its own.
   */
  release(host: ProviderHost, run: Pick<ProviderRun, 'runId' | 'stack'>): Promise<void>
  /** What it removed, each in a few words. */
  sweep(host: ProviderHost): Promise<readonly string[]>
  /** Removes what `ensure` made; nothing else. True when there was something. */
  remove(engine: Engine): Promise<boolean>
}

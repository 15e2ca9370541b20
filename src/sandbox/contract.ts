/** Where things are inside the sandbox. */
export const INSIDE = {
  /** The code of each side, read-only: `/code/recipe`, `/code/operator`; each is that side's whole customization folder. */
  code: '/code',
  /** cc-ci's own runtime: `src/inside`, `src/public` of this version. */
  runtime: '/opt/cc-ci',
  /** Writable, bounded, kept between programs of one run: what tests leave to be fetched. */
  artifacts: '/artifacts',
  /** The socket of the bridge. */
  socket: '/run/cc-ci/rpc.sock',
  /** Environment variable that names the socket. */
  socketVariable: 'CC_CI_RPC',
  browser: '/usr/bin/chromium',
} as const

/** Whose code it is: that of the recipe repository, or of the operator's folder. */
export type CodeSide = 'recipe' | 'operator'

/**
 * What code in the sandbox may ask of the harness. One line of JSON each way over the socket of the bridge:
 * `{"id":1,"method":"exec","params":{…}}` is answered by `{"id":1,"result":…}` or `{"id":1,"error":{"code":"…","message":"…"}}`.
 * A line longer than 1 MiB, or an unknown method, is refused with an error. What comes from inside is a stranger's data.
 */
export type RpcHandlers = Readonly<Record<string, (params: unknown) => Promise<unknown>>>

export interface ProgramOptions {
  /** When it passes, everything the program has started is killed. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal
  readonly env?: Readonly<Record<string, string>>
  /** Default: `/`. */
  readonly cwd?: string
  /** Each line of its output as it comes, both streams; not yet masked. */
  readonly onLine?: (line: string) => void
  /** Answers requests while this program runs; nothing else does. */
  readonly handlers: RpcHandlers
}

export interface ProgramResult {
  /** Null when it was killed by the deadline. */
  readonly exitCode: number | null
  readonly timedOut: boolean
  /** The last 256 KiB of both streams, in the order they came. */
  readonly output: string
}

/** One sandbox for one run. Programs run one after the other. After each, whatever it left running is killed. */
export interface Sandbox {
  /**
   * Runs argv as the unprivileged user. A non-zero exit is a result. Throws InfraError `sandbox-lost` when the container is gone (out of
   * memory, or removed), CancelledError when the signal aborts.
   */
  run(argv: readonly string[], options: ProgramOptions): Promise<ProgramResult>
  /**
   * Copies the regular files below a folder of the sandbox into `into`, and gives their paths relative to it. Links, devices and paths
   * that lead out are left out; more than `maxBytes` or `maxFiles` in all ends the copy and says so.
   */
  fetch(
    dir: string,
    into: string,
    limits: { readonly maxBytes: number; readonly maxFiles: number },
  ): Promise<{ readonly files: readonly string[]; readonly truncated: boolean }>
  /** Removes container, gate and network. Idempotent. */
  close(): Promise<void>
}

export interface SandboxOptions {
  readonly runId: string
  /** The stack of the app: the only one that the gate leads to, besides `alsoStacks`. */
  readonly stack: string
  readonly domain: string
  /** Stacks and domains of dependencies that the code may reach as well. */
  readonly also: readonly { readonly stack: string; readonly domain: string }[]
  /** Prefix of the names of everything made: `<prefix>_ccci-…`. */
  readonly prefix: string
  /** Absolute path of each side's folder on this machine; its files are copied, links are not followed. */
  readonly code: Readonly<Partial<Record<CodeSide, string>>>
  readonly signal: AbortSignal
}

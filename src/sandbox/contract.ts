import type { GatePort } from './gate-ports.ts'

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
 * A request longer than 1 MiB ends its connection; an unknown method, an answer longer than 8 MiB, and more than 10,000 requests of one
 * program are refused with an error. Of one connection at most 16 requests are under way, later ones wait. What comes from inside is a
 * stranger's data, and the message of an error that a handler throws goes to that stranger.
 */
export type RpcHandlers = Readonly<Record<string, (params: unknown) => Promise<unknown>>>

export interface ProgramOptions {
  /** When it passes, everything the program has started gets SIGTERM, and SIGKILL a second and a half later. */
  readonly timeoutMs: number
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
  /** Null when it was killed: by the deadline, or because it printed more than 64 MiB. */
  readonly exitCode: number | null
  readonly timedOut: boolean
  /** The kernel killed something of it because the memory of the sandbox was used up. */
  readonly outOfMemory: boolean
  /** The last 256 KiB of both streams, in the order they came. */
  readonly output: string
}

/**
 * One sandbox for one run. Programs run one after the other. After each, whatever it left running is killed, and whatever it left in /tmp,
 * /dev/shm and its home is removed, so that nothing of it reaches the next; /artifacts stays.
 */
export interface Sandbox {
  /**
   * Runs argv as the unprivileged user. A non-zero exit is a result. Throws InfraError `sandbox-lost` when the container or its bridge is gone,
   * `gate-refused` when the stack has labels that would lead the gate elsewhere, and the signal's reason when it aborts.
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
  /** The stack of the app: the only one that the gate leads to, besides those of `also`. */
  readonly stack: string
  readonly domain: string
  /** What else of the app the code reaches: see `GatePort`. */
  readonly ports: readonly GatePort[]
  /** Stacks and domains of dependencies that the code may reach as well. */
  readonly also: readonly { readonly stack: string; readonly domain: string }[]
  /** Prefix of the names of everything made: `<prefix>_ccci-…`. */
  readonly prefix: string
  /** Absolute path of each side's folder on this machine. Its regular files are copied, but for `.git` and `node_modules`. */
  readonly code: Readonly<Partial<Record<CodeSide, string>>>
  /** For temporary files: a folder that goes with the run, whatever happens. */
  readonly tmp: string
  /** What it does, where that takes a while. */
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

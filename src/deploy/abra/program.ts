import { engineHost } from '../../engine/endpoint.ts'
import { fromEnvironment } from '../../lib/environment.ts'
import { InfraError, InternalError } from '../../lib/errors.ts'
import { withScratch } from '../../lib/files/scratch.ts'
import { exec, inheritedEnv } from '../../lib/process/exec.ts'
import { abraFailure } from './failure.ts'
import { type AbraOutcome, isSuccess, readOutcome, readVersion } from './output.ts'
import { ABRA, type AbraCommandId, PINNED } from './versions.ts'

const VERSION_DEADLINE_MS = 30_000

/** The abra of this machine. */
export interface AbraProgram {
  /** A path, or a name in PATH. */
  readonly file: string
  readonly version: string
  readonly commit: string | null
}

export interface AbraCall {
  /** Its ABRA_DIR. */
  readonly dir: string
  /** What stands behind the flags of the table: names and paths of cc-ci's own making. */
  readonly args: readonly string[]
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Where abra is looked for. */
function abraFile(): string {
  return fromEnvironment('CC_CI_ABRA') ?? 'abra'
}

/** Throws InfraError `abra-missing`, `abra-unreadable` and, for another version than the pinned one, `abra-version`. */
export async function pinnedAbra(file = abraFile()): Promise<AbraProgram> {
  const program = await findAbra(file)
  if (program.version === PINNED) return program
  throw new InfraError('abra-version', `${file} is abra ${program.version}, and this cc-ci knows ${PINNED} alone`, {
    hint: `Install abra ${PINNED} (https://docs.coopcloud.tech/abra/install), and name it with CC_CI_ABRA where another one stays. What another version does differently: cc-ci doctor --deployer abra.`,
  })
}

/** Whatever its version. Throws InfraError `abra-missing`, `abra-unreadable`. */
export async function findAbra(file = abraFile()): Promise<AbraProgram> {
  const { words, flags } = ABRA.commands.version
  const args = [...words, ...flags.map(({ pass }) => pass)]
  const result = await withScratch('abra', (dir) =>
    exec(file, args, { timeoutMs: VERSION_DEADLINE_MS, cwd: dir, env: environment(dir) }),
  ).catch((error: unknown) => {
    if (!(error instanceof InfraError) || error.code !== 'program-missing') throw error
    throw new InfraError('abra-missing', `there is no abra: ${error.message}`, {
      hint: `Install abra ${PINNED} (https://docs.coopcloud.tech/abra/install), or name it with CC_CI_ABRA. Without abra: --deployer native.`,
    })
  })
  const { lines } = readOutcome(result)
  const found = result.exitCode === 0 ? readVersion(lines) : null
  if (found) return { file, ...found }
  const said = lines.at(-1) ?? 'nothing'
  throw new InfraError('abra-unreadable', `${file} ${args.join(' ')} names no version; it says: ${said}`, {
    hint: `Is it Co-op Cloud's abra? CC_CI_ABRA names the file of abra ${PINNED}.`,
  })
}

/** One command of the table. What it prints is in the result alone, never in a log. */
export async function callAbra({ file }: AbraProgram, id: AbraCommandId, call: AbraCall): Promise<AbraOutcome> {
  const { words, flags, terminal } = ABRA.commands[id]
  return callAs(file, { ...call, argv: [...words, ...flags.map(({ pass }) => pass), ...call.args], terminal })
}

/** Like `callAbra`; what fails is thrown: see `abraFailure`. */
export async function callAbraOk(
  program: AbraProgram,
  id: AbraCommandId,
  { mask, ...call }: AbraCall & { readonly mask: (text: string) => string },
): Promise<AbraOutcome> {
  const outcome = await callAbra(program, id, call)
  if (isSuccess(outcome)) return outcome
  throw abraFailure(['abra', ...ABRA.commands[id].words].join(' '), outcome, { mask, timeoutMs: call.timeoutMs })
}

/** Any words: for probes. */
export async function callAs(
  file: string,
  { argv, dir, terminal, timeoutMs, signal }: Omit<AbraCall, 'args'> & { argv: readonly string[]; terminal: boolean },
): Promise<AbraOutcome> {
  const [program, args] = terminal ? onTerminal([file, ...argv]) : [file, argv]
  const result = await exec(program, args, {
    ...{ timeoutMs, cwd: dir, env: environment(dir) },
    ...(signal ? { signal } : {}),
  })
  return readOutcome(result)
}

/** What a shell reads as it stands. */
const PLAIN = /^[A-Za-z0-9_.,:=@%+/-]+$/

/** `script` gives a program a terminal, and takes it as one text. Nothing of a recipe is ever in it. */
function onTerminal(argv: readonly string[]): [file: string, args: string[]] {
  const odd = argv.find((word) => !PLAIN.test(word))
  if (odd !== undefined)
    throw new InternalError('abra-word', `${JSON.stringify(odd)} may not be handed to a shell, and script needs one`)
  return ['script', ['-qec', argv.join(' '), '/dev/null']]
}

/** abra never looks at the caller's own apps. */
function environment(dir: string): Record<string, string> {
  const { XDG_CONFIG_HOME: _, ...inherited } = inheritedEnv()
  return {
    ...inherited,
    ABRA_DIR: dir,
    DOCKER_HOST: engineHost(),
    SHELL: '/bin/sh',
    EDITOR: 'false',
    GIT_TERMINAL_PROMPT: '0',
    // Tables are drawn as wide as the terminal.
    COLUMNS: '200',
    TERM: 'dumb',
    NO_COLOR: '1',
  }
}

import { type Command, Option } from 'commander'
import { QUICK_TIERS, TIER_IDS, type TierId } from '../../verdict/tiers.ts'
import { memory, policyCodes, tiers } from './arguments.ts'

/** An action's module is loaded when its command runs: `--help` and completion load none of them. */
type Action<O> = (recipe: string, options: O) => Promise<number>

export interface StateOption {
  readonly state?: string
}

export interface RecipeOptions extends StateOption {
  readonly ref?: string
  /** See `parseBases`. */
  readonly base: string
  readonly rollback?: boolean
  readonly only?: readonly TierId[]
  readonly recipes?: string
  readonly origin?: string
  /** Judges QUICK_TIERS. */
  readonly quick?: boolean
  readonly fromCanonical?: boolean
  /** False: never with the data of a canonical. */
  readonly canonical?: boolean
  readonly approveCode?: boolean
  readonly allow?: readonly string[]
  /** Bytes. */
  readonly runMemory?: number
  readonly json?: string | boolean
}

export function recipeCommand(program: Command, name: string, description: string): Command {
  const command = program
    .command(name)
    .description(description)
    .argument('[recipe]', 'path, git URL, or a name below --recipes', '.')
    .option('--recipes <dir>', "the operator's folder of recipe settings")
  return withState(command)
}

export function withState(command: Command): Command {
  return command.option('--state <dir>', 'where runs are kept (default: $CC_CI_STATE, else $XDG_STATE_HOME/cc-ci)')
}

export const planOptions = {
  ref: () => new Option('--ref <ref>', 'judge this branch, tag or commit instead of the work tree'),
  base: () =>
    new Option(
      '--base <version>',
      'the version an upgrade starts from: a version, auto or none; A..B is A upgraded to B, then to head',
    ).default('auto'),
  bases: () =>
    new Option(
      '--base <versions>',
      'the version an upgrade starts from: a version, auto or none; A..B is A upgraded to B, then to head; several, separated by commas, or all-minors: a run for each, and a table',
    ).default('auto'),
  rollback: () =>
    new Option(
      '--rollback',
      'after all else put the version before back, and restore the backup that was made of it before the upgrade',
    ),
  quick: () =>
    new Option(
      '--quick',
      `judge only ${QUICK_TIERS.join(', ')}; where the canonical of the version before is kept, begin with its data`,
    ),
  fromCanonical: () =>
    new Option('--from-canonical', 'upgrade the data that the last green run of the version before left').conflicts(
      'canonical',
    ),
  noCanonical: () => new Option('--no-canonical', 'begin with an empty installation, whatever is kept'),
  approve: () =>
    new Option('--approve-code', "let the recipe's own code run, in the sandbox, as it lies there, this once"),
  allow: () =>
    new Option(
      '--allow <codes>',
      'let the compose files ask for this, separated by commas: see `policy.allow`',
    ).argParser(policyCodes),
  runMemory: () =>
    new Option(
      '--run-memory <size>',
      'what the app may have of the memory, all its services together (default: $CC_CI_RUN_MEMORY, else three quarters of this machine)',
    ).argParser(memory),
  only: () =>
    new Option(
      '--only <tiers>',
      `judge only these tiers and what they need, separated by commas: ${TIER_IDS.join(', ')}`,
    ).argParser(tiers),
}

export function withServer(command: Command): Command {
  return command
    .option('--server <url>', 'where the server is (default: $CC_CI_SERVER)')
    .option('--token-file <file>', "holds the operator's token (default: $CC_CI_OPERATOR_TOKEN)")
}

export function lazily<O>(load: () => Promise<Action<O>>) {
  return async (recipe: string, options: O): Promise<void> => {
    process.exitCode = await (await load())(recipe, options)
  }
}

export function lazilyPlain<O>(load: () => Promise<(options: O) => Promise<number>>) {
  return async (options: O): Promise<void> => {
    process.exitCode = await (await load())(options)
  }
}

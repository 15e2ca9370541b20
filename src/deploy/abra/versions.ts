import type { Blame, CauseCode } from '../../verdict/causes.ts'

/**
 * How a fact is known. `seen`: in a source that calls abra or quotes what it prints. `told`: by people who know abra, not looked up. `inferred`: from the others.
 * None of it was looked at in an abra by cc-ci: see docs/decisions/0048.
 */
type Known = 'seen' | 'told' | 'inferred'

/** One command of abra as cc-ci calls it. */
interface AbraCommand {
  readonly words: readonly string[]
  /** Those that cc-ci passes, before the arguments. */
  readonly flags: readonly AbraFlag[]
  /** What stands behind them, for a reader. */
  readonly takes: string
  /** It ends with an error where its output is no terminal. */
  readonly terminal: boolean
  readonly known: Known
}

/** As it is passed, and its other name: help texts have both. */
interface AbraFlag {
  readonly pass: string
  readonly long: string
}

/** What abra says when it ends, and what that means for a run. */
interface AbraMessage {
  /** In what stands behind FATA. */
  readonly sign: RegExp
  readonly code: CauseCode
  readonly blame: Blame
  readonly hint?: string
  readonly known: Known
}

interface AbraVersion {
  /** Where this version's source is. */
  readonly commit: string
  readonly commands: Readonly<Record<AbraCommandId, AbraCommand>>
  readonly messages: readonly AbraMessage[]
  /** A line that ends a command: `FATA deploy failed`, with a time in brackets in older versions. */
  readonly fatal: RegExp
  /** In what `abra --version` prints. */
  readonly version: RegExp
  /** In what a backup prints. */
  readonly snapshot: RegExp
  /** On the service of backup-bot-two by which abra finds it. */
  readonly botLabel: readonly [name: string, value: string]
  /** Longer stack names are cut. */
  readonly stackName: number
  /** How long abra waits for convergence where nothing says it. */
  readonly windowMs: number
  /** What lint may print as a reference. */
  readonly lintRules: readonly string[]
  /** Below ABRA_DIR. */
  readonly folders: { readonly server: string; readonly recipes: string; readonly catalogue: string }
}

export type AbraCommandId =
  | 'version'
  | 'deploy'
  | 'undeploy'
  | 'secret-insert'
  | 'secret-generate'
  | 'secret-list'
  | 'volume-remove'
  | 'app-list'
  | 'app-services'
  | 'recipe-versions'
  | 'lint'
  | 'backup'
  | 'restore'

const flag = (pass: string, long: string): AbraFlag => ({ pass, long })
const OFFLINE = flag('-o', '--offline')
const NO_INPUT = flag('-n', '--no-input')
const CHAOS = flag('-C', '--chaos')
const FORCE = flag('-f', '--force')
const MACHINE = flag('-m', '--machine')
/** Nothing is fetched, nothing is asked, and the files are deployed as they lie. */
const QUIETLY = [OFFLINE, NO_INPUT] as const
const AS_IT_LIES = [CHAOS, ...QUIETLY] as const

/** All that depends on the version of abra. Another version is another entry; what reads abra reads this table. */
export const ABRA_VERSIONS = {
  '0.13.0-beta': {
    commit: '06a57de',
    commands: {
      version: { words: [], flags: [flag('--version', '--version')], takes: '', terminal: false, known: 'told' },
      deploy: {
        words: ['app', 'deploy'],
        flags: [
          ...AS_IT_LIES,
          FORCE,
          flag('-D', '--no-domain-checks'),
          // cc-ci has a window of its own: abra's counts the pull of images, and gives up within a start period.
          flag('-c', '--no-converge-checks'),
        ],
        takes: 'DOMAIN',
        terminal: false,
        known: 'seen',
      },
      undeploy: { words: ['app', 'undeploy'], flags: QUIETLY, takes: 'DOMAIN', terminal: false, known: 'seen' },
      'secret-insert': {
        words: ['app', 'secret', 'insert'],
        flags: [...AS_IT_LIES, flag('-f', '--file')],
        takes: 'DOMAIN NAME VERSION FILE',
        terminal: false,
        known: 'seen',
      },
      'secret-generate': {
        words: ['app', 'secret', 'generate'],
        flags: [...AS_IT_LIES, flag('-a', '--all'), MACHINE],
        takes: 'DOMAIN',
        terminal: false,
        known: 'seen',
      },
      'secret-list': {
        words: ['app', 'secret', 'ls'],
        flags: [...AS_IT_LIES, MACHINE],
        takes: 'DOMAIN',
        terminal: false,
        known: 'told',
      },
      'volume-remove': {
        words: ['app', 'volume', 'rm'],
        flags: [...QUIETLY, FORCE],
        takes: 'DOMAIN',
        terminal: false,
        known: 'told',
      },
      'app-list': {
        words: ['app', 'ls'],
        flags: [...QUIETLY, flag('-S', '--status'), MACHINE],
        takes: '',
        terminal: false,
        known: 'seen',
      },
      'app-services': {
        words: ['app', 'ps'],
        flags: [...AS_IT_LIES, MACHINE],
        takes: 'DOMAIN',
        terminal: false,
        known: 'told',
      },
      'recipe-versions': {
        words: ['recipe', 'versions'],
        flags: [...QUIETLY, MACHINE],
        takes: 'RECIPE',
        terminal: false,
        known: 'told',
      },
      lint: { words: ['recipe', 'lint'], flags: AS_IT_LIES, takes: 'RECIPE', terminal: true, known: 'seen' },
      backup: {
        words: ['app', 'backup', 'create'],
        flags: AS_IT_LIES,
        takes: 'DOMAIN',
        terminal: true,
        known: 'seen',
      },
      restore: { words: ['app', 'restore'], flags: AS_IT_LIES, takes: 'DOMAIN', terminal: true, known: 'told' },
    },
    messages: [
      {
        sign: /secret not inserted \(#generate=false\)/i,
        code: 'secret-missing',
        blame: 'recipe',
        known: 'seen',
      },
      { sign: /secret not generated/i, code: 'secret-missing', blame: 'recipe', known: 'seen' },
      {
        sign: /locally unstaged changes/i,
        code: 'deployer-failed',
        blame: 'infra',
        hint: 'abra minds a changed tree though it was called with -C: this is not the abra that cc-ci knows. Run `cc-ci doctor --deployer abra`.',
        known: 'seen',
      },
      {
        sign: /inappropriate ioctl for device/i,
        code: 'deployer-failed',
        blame: 'infra',
        hint: 'abra wants a terminal where it is known to want none. Run `cc-ci doctor --deployer abra`.',
        known: 'seen',
      },
      {
        sign: /authentication required/i,
        code: 'deployer-failed',
        blame: 'infra',
        hint: 'abra asks the origin of the recipe though it was called with -o. Run `cc-ci doctor --deployer abra`.',
        known: 'seen',
      },
      {
        sign: /deploy (?:timed out|failed)/i,
        code: 'deployer-failed',
        blame: 'infra',
        hint: 'abra has judged convergence though it was called with -c: what it saw within its window decides nothing. Run `cc-ci doctor --deployer abra`.',
        known: 'seen',
      },
      {
        sign: /unknown (?:shorthand )?flag|unknown command|accepts .* arg/i,
        code: 'deployer-failed',
        blame: 'infra',
        hint: 'This abra has another command line than the pinned one. Run `cc-ci doctor --deployer abra`.',
        known: 'inferred',
      },
      {
        sign: /lint error in/i,
        code: 'deployer-failed',
        blame: 'infra',
        hint: 'abra lints though it was called with -C. Run `cc-ci doctor --deployer abra`; the tier lint has the rules.',
        known: 'told',
      },
    ],
    fatal: /^\s*FATA(?:\[\d+\])?:?\s+(.*)$/,
    version: /(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc\d*))?)(?:[-+ (]+([0-9a-f]{7,40}))?/,
    snapshot: /snapshot[_ ](?:id\W+)?"?([0-9a-f]{8,64})\b/i,
    botLabel: ['coop-cloud.backupbot.enabled', 'true'],
    stackName: 45,
    windowMs: 300_000,
    lintRules: Array.from({ length: 16 }, (_, index) => `R${String(index + 1).padStart(3, '0')}`),
    folders: { server: 'servers/default', recipes: 'recipes', catalogue: 'catalogue' },
  },
} as const satisfies Readonly<Record<string, AbraVersion>>

/** The one that runs use. */
export const PINNED = '0.13.0-beta' satisfies keyof typeof ABRA_VERSIONS

export const ABRA: AbraVersion = ABRA_VERSIONS[PINNED]

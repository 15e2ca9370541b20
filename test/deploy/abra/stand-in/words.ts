/** A command as the documentation of abra describes it. Not the table of `src/deploy/abra`: that one is what is tested with this. */
interface Documented {
  readonly about: string
  /** Short name to long one. */
  readonly flags: Readonly<Record<string, string>>
  readonly arguments: string
}

const GLOBAL = { n: 'no-input', o: 'offline', d: 'debug', h: 'help' } as const

const COMMANDS: Readonly<Record<string, Documented>> = {
  'app new': {
    about: 'Create a new app',
    flags: { s: 'server', D: 'domain', S: 'secrets', p: 'pass', C: 'chaos' },
    arguments: '<recipe> [version]',
  },
  'app deploy': {
    about: 'Deploy an app',
    flags: {
      C: 'chaos',
      f: 'force',
      D: 'no-domain-checks',
      c: 'no-converge-checks',
      l: 'latest',
      i: 'ignore-env-version',
    },
    arguments: '<domain> [version]',
  },
  'app undeploy': { about: 'Undeploy an app', flags: { p: 'prune' }, arguments: '<domain>' },
  'app ls': {
    about: 'List all managed apps',
    flags: { S: 'status', m: 'machine', s: 'server', r: 'recipe' },
    arguments: '',
  },
  'app ps': { about: "Check an app's deployment status", flags: { m: 'machine', C: 'chaos' }, arguments: '<domain>' },
  'app secret insert': {
    about: 'Insert secret',
    flags: { f: 'file', t: 'trim', C: 'chaos', p: 'pass' },
    arguments: '<domain> <secret> <version> [<data>]',
  },
  'app secret generate': {
    about: 'Generate secrets',
    flags: { a: 'all', m: 'machine', p: 'pass', C: 'chaos' },
    arguments: '<domain> [[secret] [version] | --all]',
  },
  'app secret ls': { about: 'List all secrets', flags: { m: 'machine', C: 'chaos' }, arguments: '<domain>' },
  'app volume rm': { about: 'Remove volumes', flags: { f: 'force' }, arguments: '<domain>' },
  'app backup create': { about: 'Create a new snapshot', flags: { C: 'chaos' }, arguments: '<domain>' },
  'app restore': {
    about: 'Restore a snapshot',
    flags: { C: 'chaos', t: 'target', s: 'snapshot' },
    arguments: '<domain>',
  },
  'recipe lint': { about: 'Lint a recipe', flags: { C: 'chaos' }, arguments: '<recipe>' },
  'recipe versions': { about: 'List recipe versions', flags: { m: 'machine' }, arguments: '<recipe>' },
}

export interface Asked {
  readonly command: string
  readonly flags: ReadonlySet<string>
  readonly args: readonly string[]
}

/** Throws what abra says of words that it does not know. */
export function read(argv: readonly string[]): Asked {
  const command = Object.keys(COMMANDS)
    .sort((a, b) => b.length - a.length)
    .find((name) => ` ${argv.filter((word) => !word.startsWith('-')).join(' ')} `.startsWith(` ${name} `))
  if (command === undefined) throw new Error(`unknown command "${argv[0]}" for "abra"`)
  const known: Readonly<Record<string, string>> = { ...GLOBAL, ...COMMANDS[command]?.flags }
  const flags = new Set<string>()
  for (const word of argv.filter((one) => one.startsWith('-') && one !== '--')) {
    const name = word.startsWith('--')
      ? Object.values(known).find((long) => word === `--${long}`)
      : known[word.slice(1)]
    if (name === undefined)
      throw new Error(
        word.startsWith('--') ? `unknown flag: ${word}` : `unknown shorthand flag: '${word[1]}' in ${word}`,
      )
    flags.add(name)
  }
  return { command, flags, args: argv.filter((word) => !word.startsWith('-')).slice(command.split(' ').length) }
}

export function help(command: string): string {
  const { about, flags, arguments: args } = COMMANDS[command] ?? { about: '', flags: {}, arguments: '' }
  const rows = (all: Readonly<Record<string, string>>) =>
    Object.entries(all).map(([short, long]) => `  -${short}, --${long}`)
  return [
    about,
    '',
    'Usage:',
    `  abra ${command} ${args} [flags]`,
    '',
    'Flags:',
    ...rows(flags),
    '',
    'Global Flags:',
    ...rows(GLOBAL),
    '',
  ].join('\n')
}

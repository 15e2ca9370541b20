import type { Finding } from './events.ts'

interface FindingEntry {
  /** The usual severity; a case may have another one. `error`: somebody has to act, though it decides no tier by itself. */
  readonly severity: Finding['severity']
  /** What was found, in one line for any reader, without a full stop. */
  readonly what: string
  /** What to do, as an instruction. */
  readonly todo: string
}

type Entries = Readonly<Record<string, FindingEntry>>

const NOTHING_TODO = 'Nothing.'
const READ_PASS = 'Nothing; read the verdict for what it says.'

const RECIPE = {
  'not-utf8': {
    severity: 'warning',
    what: 'a file of the recipe is not UTF-8 text',
    todo: 'Store it as UTF-8: what is read in place of the other bytes is not what was meant.',
  },
  'readme-unread': {
    severity: 'warning',
    what: 'the metadata of `README.md` cannot be read',
    todo: 'Correct the block between `<!-- metadata -->` and `<!-- endmetadata -->`.',
  },
  'undefined-variable': {
    severity: 'warning',
    what: 'a compose file uses a variable that has no value, and an empty text takes its place',
    todo: 'Give it a value in `.env.sample`, or a default in the compose file (`:-default`).',
  },
  dropped: {
    severity: 'warning',
    what: 'a part of a compose file is lost when the files are merged, as `docker stack deploy` loses it',
    todo: 'Write the entry in one of the files only, or in the form that merges.',
  },
  'history-fetched': {
    severity: 'info',
    what: 'the clone lacks history or tags, and they were read from its remote',
    todo: NOTHING_TODO,
  },
  'history-partial': {
    severity: 'warning',
    what: 'the clone lacks history or tags, so that the base may be another than the last release',
    todo: 'Type the command that the message ends with, and run again.',
  },
  'spec-not-run': {
    severity: 'warning',
    what: 'a spec outside of `cc-ci/` is not run',
    todo: 'Move it below `cc-ci/` if it is meant for cc-ci.',
  },
} as const satisfies Entries

const LABELS = {
  'backup-labels-v1': {
    severity: 'warning',
    what: 'a backup label is one of version 1, which backup-bot-two does not read',
    todo: 'Name the volume: `backupbot.backup.volumes.<volume>.path`, relative to its root.',
  },
  'backup-label-unknown': {
    severity: 'warning',
    what: 'a label begins with `backupbot.` and is none that backups know',
    todo: 'Correct its name; the message has the nearest one.',
  },
  'backup-label-value': {
    severity: 'warning',
    what: 'a backup label that is a switch is neither true nor false',
    todo: 'Write `"true"` or `"false"`.',
  },
  'backup-label-misplaced': {
    severity: 'error',
    what: "a backup label stands under a service's `labels`, where backups do not look",
    todo: 'Move it to `deploy.labels`.',
  },
  'backup-volume-unknown': {
    severity: 'error',
    what: 'a backup label names a volume that the stack does not have',
    todo: 'Use the name of the volume in the compose file, without the name of the stack.',
  },
  'backup-path-invalid': {
    severity: 'error',
    what: 'a backup label has a path that leads out of its volume',
    todo: 'Write paths relative to the root of the volume.',
  },
} as const satisfies Entries

const REQUEST = {
  'judged-all-the-same': {
    severity: 'warning',
    what: 'a tier is declared not applicable, and can be judged: the judgement stands',
    todo: 'Take the declaration out of the settings.',
  },
  'code-refused': {
    severity: 'warning',
    what: 'code of the recipe repository was not run, because no operator approved it',
    todo: 'Read it, then approve it: `cc-ci approve`.',
  },
  'quick-run': {
    severity: 'info',
    what: 'the run was asked for a part of the tiers (`--quick`), so that its pass says less',
    todo: READ_PASS,
  },
  'filtered-run': {
    severity: 'info',
    what: 'the run was asked for a part of the tests (`--grep`), so that its pass says less',
    todo: READ_PASS,
  },
  'resumed-run': {
    severity: 'info',
    what: 'the run continues from another one (`--resume`): what passed there is not judged again',
    todo: 'Nothing; a whole run judges everything in one life of the app.',
  },
  'deployer-unproven': {
    severity: 'info',
    what: 'the app was deployed by `--deployer abra`, which was only ever tested with a stand-in for abra',
    todo: '`cc-ci doctor --deployer abra` compares the abra of this machine with what cc-ci takes it for.',
  },
  'memory-lowered': {
    severity: 'info',
    what: 'a service may have less memory here than its files ask for, because the run has no more',
    todo: 'Raise `--run-memory` or `CC_CI_RUN_MEMORY` on a larger machine, should the app need it.',
  },
  'node-crowded': {
    severity: 'info',
    what: 'the app declares more memory than any node of the Swarm has left',
    todo: 'Run fewer at once (`--jobs`), or give the Swarm another node; `cc-ci nodes` shows what is declared.',
  },
  'canonical-not-used': {
    severity: 'info',
    what: 'the app begins with an empty installation, because no kept data of the base fits',
    todo: 'Nothing; a green run of a released version keeps its data. `cc-ci canonicals` lists them.',
  },
} as const satisfies Entries

const DEPLOYMENT = {
  'image-moved': {
    severity: 'warning',
    what: 'an image has another content than in an earlier run of the recipe, under the same name',
    todo: 'Compare runs with that in mind, and ask upstream why the tag moved.',
  },
  'update-paused': {
    severity: 'info',
    what: 'the engine calls an update paused, though all of the service runs the new version',
    todo: "Look at the service's log: a task of it ended early during the update.",
  },
  'task-ended': {
    severity: 'warning',
    what: 'a task ended without a reason that cc-ci gave it, and was started again',
    todo: "Read its log in the run's folder.",
  },
  'hook-late': {
    severity: 'warning',
    what: "a function of the recipe's code did not end in time, and its `onTimeout` says to continue",
    todo: 'Give it more time, or find out what it waits for.',
  },
  'one-shot-late': {
    severity: 'warning',
    what: 'a service that `ctx.runOnce` started did not complete in time, and the hook continues',
    todo: 'Give it more time, or read its log.',
  },
  'dep-failed': {
    severity: 'error',
    what: 'a dependency of the app did not come up',
    todo: 'The cause of the tier `integration` says why.',
  },
} as const satisfies Entries

const PAGE = {
  'page-status': {
    severity: 'warning',
    what: 'the app answers a browser with a status of 4xx (if people open another page, set `screenshot.path`)',
    todo: 'Set `screenshot.path` to the page that people open first, or find out why it answers so.',
  },
  'page-incomplete': {
    severity: 'warning',
    what: 'scripts or styles of the app do not load',
    todo: 'Open the addresses that are named: often a path or a domain that the app is not told.',
  },
  'page-script-error': {
    severity: 'warning',
    what: 'a script of the page ends with an error that nothing caught',
    todo: 'Look at the page; upstream may know the error.',
  },
  'mixed-content': {
    severity: 'warning',
    what: 'the page is served by https and asks for http, which browsers block or change to https',
    todo: 'Tell the app its address with `https://`, or that it is behind a proxy.',
  },
  'insecure-redirect': {
    severity: 'warning',
    what: 'the app sends the browser from https to http of its own domain: it does not know that it is behind a proxy with TLS (X-Forwarded-Proto)',
    todo: 'Tell the app that it is behind a proxy with TLS.',
  },
  'leaves-domain': {
    severity: 'info',
    what: 'the app sends the browser to another host, which a run cannot reach',
    todo: 'Set `screenshot.path` to a page that stays; where the host is an example, set the domain of the app.',
  },
  'login-dialog': {
    severity: 'info',
    what: "the app asks for a name and a password in the browser's own dialog, and what is behind it was not looked at",
    todo: 'Test what is behind it by a custom test.',
  },
  'foreign-requests': {
    severity: 'info',
    what: 'the page asks other hosts, which a run cannot reach',
    todo: 'Nothing, if the app works without them.',
  },
} as const satisfies Entries

const DATA = {
  'data-unwatched': {
    severity: 'warning',
    what: 'data of the app is watched by no witness',
    todo: 'The message says what keeps cc-ci from it; where it is the setting `witness: false`, take that out.',
  },
  'backup-not-verified': {
    severity: 'warning',
    what: 'a backup did not hold what was in the app, and was made once more',
    todo: 'Nothing where the next one was right; else the cause of the tier says what it lacks.',
  },
  'backup-without-bot': {
    severity: 'warning',
    what: "no backup-bot-two runs on this Swarm, so that the backup was cc-ci's own alone",
    todo: 'Deploy backup-bot-two on the Swarm, to see what it makes of the labels.',
  },
  'backed-up-by-bot': {
    severity: 'info',
    what: 'backup-bot-two backed the app up besides; nobody looked into its snapshot',
    todo: NOTHING_TODO,
  },
  'nothing-restored': {
    severity: 'warning',
    what: 'the snapshot holds no file, so that nothing could be brought back',
    todo: 'Label what is to be backed up, or declare the tier not applicable with a reason.',
  },
  'not-in-backup': {
    severity: 'warning',
    what: 'data of the app is in no backup, and is gone with a lost machine',
    todo: 'Label the volume or dump the database, unless it can be made again.',
  },
  'restore-small': {
    severity: 'warning',
    what: 'the setting `restore: small` spares volumes, so that a restore on a new machine is not proven',
    todo: 'Take the setting out.',
  },
} as const satisfies Entries

const CHANGES = {
  'orphan-service': {
    severity: 'warning',
    what: 'a service of the base still runs, though head no longer has it',
    todo: 'Tell operators in the release notes to remove it by hand: `docker service rm`.',
  },
  'no-longer-there': {
    severity: 'warning',
    what: 'an address, a port or a volume that the base had is gone with the upgrade',
    todo: 'Where it is meant, declare it under `removed` with the reason.',
  },
  'removed-not-lost': {
    severity: 'warning',
    what: 'the setting `removed` names something that the upgrade did not lose',
    todo: 'Take the entry out, or correct its name.',
  },
  'not-killed': {
    severity: 'info',
    what: 'a service was not killed in the tier `resilience`, for the reason given',
    todo: NOTHING_TODO,
  },
  'ended-with-another': {
    severity: 'info',
    what: 'a service ended too when another one was killed, and came back',
    todo: 'Nothing, unless it should outlive the other.',
  },
  'data-in-container': {
    severity: 'warning',
    what: 'a container keeps a database in no volume: it is gone whenever the container is replaced',
    todo: 'Mount a volume there, if the data matters.',
  },
  'nameless-volume': {
    severity: 'info',
    what: 'the image declares a volume that the compose file does not mount: each new container begins there empty',
    todo: 'Mount a named volume there, if the data matters.',
  },
  'engine-not-restarted': {
    severity: 'warning',
    what: 'the engine was not restarted under the app, though the operator allows it',
    todo: 'Run when nobody else uses the engine; the message says what kept it.',
  },
} as const satisfies Entries

const JUDGING = {
  'disk-unwatched': {
    severity: 'warning',
    what: 'the disk was not watched for a while',
    todo: '`cc-ci doctor` looks at the engine. A shortage of disk in that time is not known.',
  },
  'memory-unwatched': {
    severity: 'warning',
    what: 'the memory of all services together was not watched for a while',
    todo: '`cc-ci doctor` looks at the engine. A shortage of memory in that time is not known.',
  },
  'logs-incomplete': {
    severity: 'warning',
    what: 'the logs of the run may lack something',
    todo: 'The message says which and why; run again to have them.',
  },
  flaky: {
    severity: 'warning',
    what: 'a tier ended in two ways in two attempts',
    todo: 'Find what depends on time or on order; `cc-ci runs --flaky` shows how often.',
  },
  repeated: {
    severity: 'warning',
    what: 'a tier was judged twice, and the first end stands or came again',
    todo: 'The cause of the tier says what to do.',
  },
  'not-repeated': {
    severity: 'info',
    what: 'a failed tier was not judged a second time, for the reason given',
    todo: NOTHING_TODO,
  },
  'attempt-not-counted': {
    severity: 'error',
    what: 'an attempt does not count, because it should not have been made',
    todo: 'Report it: the run cannot pass.',
  },
  'quarantine-expired': {
    severity: 'warning',
    what: 'the quarantine of a test has ended, and the test decides again',
    todo: 'Take the entry out, or give it another day with a reason.',
  },
  'quarantine-unmatched': {
    severity: 'warning',
    what: 'the quarantine names a test that its file does not have',
    todo: 'Correct the title of the test, or take the entry out.',
  },
} as const satisfies Entries

const KEPT = {
  'canonical-kept': {
    severity: 'info',
    what: 'the data of the run is kept as the canonical of its release',
    todo: 'Nothing; `cc-ci test --quick` begins with it.',
  },
  'canonical-not-kept': {
    severity: 'warning',
    what: 'the data of the run is not kept as a canonical',
    todo: 'The message says why; a green run of a released version keeps it.',
  },
  'checkpoint-kept': {
    severity: 'info',
    what: 'the app is kept as it was after the last tier that passed',
    todo: '`cc-ci test --resume RUN` continues from there.',
  },
  'checkpoint-not-kept': {
    severity: 'info',
    what: 'the app is not kept as it was, so that the run cannot be resumed from there',
    todo: NOTHING_TODO,
  },
} as const satisfies Entries

const SWEEPS = {
  'exclusion-of-nothing': {
    severity: 'warning',
    what: 'an exclusion of a sweep is about nothing that is swept',
    todo: 'Take it out of the list, or correct its name.',
  },
  'exclusion-expired': {
    severity: 'error',
    what: 'an exclusion of a sweep has expired, and what it is about is swept again',
    todo: 'Take it out of the list, or give it another day with a reason.',
  },
} as const satisfies Entries

/** The findings by what they are about, in the order of a run: the reference shows them so. */
export const FINDING_GROUPS: readonly { readonly title: string; readonly findings: Entries }[] = [
  { title: 'The files of the recipe', findings: RECIPE },
  { title: 'Labels for backups', findings: LABELS },
  { title: 'What a run was asked for, and what it has', findings: REQUEST },
  { title: 'While the app comes up', findings: DEPLOYMENT },
  { title: 'What a browser meets', findings: PAGE },
  { title: 'Data and its backup', findings: DATA },
  { title: 'Upgrade and kills', findings: CHANGES },
  { title: 'How much was seen, and how often', findings: JUDGING },
  { title: 'What is kept of a run', findings: KEPT },
  { title: 'Sweeps', findings: SWEEPS },
]

/**
 * Every finding of cc-ci's own. Those of lint rules and of pages that a browser knows have tables of their own (`LINT_RULES`, `PAGE_SIGNS`). The codes are
 * fixed; the reference and `cc-ci explain` derive from this table.
 */
export const FINDINGS = {
  ...RECIPE,
  ...LABELS,
  ...REQUEST,
  ...DEPLOYMENT,
  ...PAGE,
  ...DATA,
  ...CHANGES,
  ...JUDGING,
  ...KEPT,
  ...SWEEPS,
}

export type FindingCode = keyof typeof FINDINGS

type UsualSeverity<Code extends FindingCode> = (typeof FINDINGS)[Code]['severity']

interface FindingMore<Severity> {
  readonly where?: string | undefined
  /** Default: that of the table. */
  readonly severity?: Severity | undefined
}

/** A finding; `message` says what was found in this case. */
export function finding<Code extends FindingCode, Severity extends Finding['severity'] = UsualSeverity<Code>>(
  code: Code,
  message: string,
  { where, severity }: FindingMore<Severity> = {},
): Finding & { readonly code: Code; readonly severity: Severity | UsualSeverity<Code> } {
  return { code, severity: severity ?? FINDINGS[code].severity, message, ...(where === undefined ? {} : { where }) }
}

/** Who has to act: the recipe's maintainer, the app's upstream, whoever runs the machine, or cc-ci itself. */
export type Blame = 'recipe' | 'upstream' | 'infra' | 'ci'

interface CauseEntry {
  /** Default blame; a cause found in a particular case may carry another one with its reason. */
  readonly blame: Blame
  /** Whether the same would come of a second attempt; a cause found in a particular case may know better. */
  readonly retry: RetryAdvice
  /** What happened, in one line for any reader. */
  readonly what: string
  /** Why cc-ci says so: the sign it goes by. */
  readonly why: string
  /** What to do, as an instruction. */
  readonly todo: string
}

interface RetryAdvice {
  /** True: a second attempt on a fresh stack would end the same, or must not undo what was found. */
  readonly deterministic: boolean
  /** Why, in a sentence. */
  readonly because: string
}

function deterministic(because: string): RetryAdvice {
  return { deterministic: true, because }
}

/** The next attempt may well pass: a tier that ends with it is judged once more. */
function worthwhile(because: string): RetryAdvice {
  return { deterministic: false, because }
}

/** Every cause a tier can end with. The codes are fixed; docs, `cc-ci explain` and the reference derive from this table. */
export const CAUSES = {
  'config-invalid': {
    blame: 'recipe',
    retry: deterministic('The same file is read again.'),
    what: 'A settings file of the recipe cannot be used.',
    why: 'The file does not parse, or holds a key or value that the registry of settings does not know.',
    todo: 'Correct the named line; the message lists what is allowed there.',
  },
  'compose-invalid': {
    blame: 'recipe',
    retry: deterministic('The same files are read again.'),
    what: 'The compose files do not resolve to a valid stack.',
    why: 'Merging, interpolating or checking them against the compose schema failed at the named line.',
    todo: 'Correct the named line, and run `cc-ci lint` to see the rest.',
  },
  'policy-refused': {
    blame: 'recipe',
    retry: deterministic('The same files ask the same of the same server.'),
    what: 'The compose files ask the engine for something that this server does not allow.',
    why: 'The named key gives the app power over the host, for example a bind mount, the engine socket or `privileged`.',
    todo: 'Remove it, or ask the operator to allow it for this recipe.',
  },
  'secret-missing': {
    blame: 'recipe',
    retry: deterministic('No attempt can make a value that only a person has.'),
    what: 'A secret that the app needs can neither be generated nor was it provided.',
    why: 'The compose file uses an external secret whose version variable is missing or marked `generate=false`.',
    todo: 'Add SECRET_<NAME>_VERSION to .env.sample, or insert the value with an install hook.',
  },
  'config-version-not-bumped': {
    blame: 'recipe',
    retry: deterministic('The same two commits are compared again.'),
    what: 'A config or secret file changed while its name, with the version in it, stayed the same.',
    why: 'Swarm configs and secrets cannot be changed in place: deploying other content under the same name fails for operators.',
    todo: 'Raise the named <CONFIG>_VERSION in abra.sh.',
  },
  'image-unpullable': {
    blame: 'recipe',
    retry: deterministic('A fresh stack asks the same registry for the same name.'),
    what: 'An image of the app cannot be pulled.',
    why: 'The registry says it does not exist, or no registry answered and there is no local image of that name.',
    todo: 'Check the image and tag; where the registry did not answer, see `cc-ci doctor`.',
  },
  'image-moved': {
    blame: 'upstream',
    retry: deterministic('The registry keeps naming the new image.'),
    what: 'The same image reference now means another image.',
    why: 'An earlier run recorded another id for it.',
    todo: 'Compare with a run of the base branch before you look for a fault in the recipe.',
  },
  'engine-refused': {
    blame: 'recipe',
    retry: deterministic('The same files ask the same of the same engine.'),
    what: 'The engine refused what it was asked for.',
    why: 'It answered with its reason, which is quoted; nothing of what was asked for is there.',
    todo: "Read the engine's words: often a name, size or option in the compose file that it does not take.",
  },
  'engine-answer': {
    blame: 'infra',
    retry: deterministic('The same engine answers the same.'),
    what: 'The engine said something that cc-ci does not understand.',
    why: 'The answer to the named call is no JSON, or lacks at the named place what every engine that cc-ci knows says there.',
    todo: "Compare the engine's release with the supported ones, look for a proxy before its socket, and report it with `docker version`.",
  },
  'task-rejected': {
    blame: 'recipe',
    retry: deterministic('The engine refused what the spec asks for, before any program of the app ran.'),
    what: 'The engine refused to start a task.',
    why: 'The task ended as `rejected` with the named error, before its program ran.',
    todo: 'Read the error: often an unknown command, a missing mount target, or a config with the wrong mode.',
  },
  'no-suitable-node': {
    blame: 'infra',
    retry: deterministic('A fresh stack asks the same nodes for the same.'),
    what: 'No node of the Swarm may run a task.',
    why: 'The scheduler said so: placement constraints or reserved resources cannot be met here.',
    todo: 'Relax the constraint or the reservation, or give the machine what they ask for.',
  },
  'address-pool-exhausted': {
    blame: 'infra',
    retry: deterministic('A fresh stack takes its addresses from the same pool.'),
    what: 'The engine has no free network addresses left.',
    why: 'Allocating an address for a task or network failed.',
    todo: 'Run `cc-ci gc`, remove unused networks, or create `proxy` with a larger subnet.',
  },
  'port-in-use': {
    blame: 'infra',
    retry: deterministic('What holds the port is no part of the stack.'),
    what: 'A host port that the app publishes is taken.',
    why: 'The engine could not bind it.',
    todo: 'Stop what holds the port, or wait for the other run that uses it.',
  },
  'crash-loop': {
    blame: 'recipe',
    retry: deterministic('The same end came three times in a row, which is a repetition already.'),
    what: 'A service starts and ends again and again.',
    why: 'Its tasks ended several times with the same sign, each soon after its start.',
    todo: 'Read the last log lines of the task below: the program says why it ends.',
  },
  'not-recovered': {
    blame: 'recipe',
    retry: deterministic('The restart condition that leaves it down is part of the recipe.'),
    what: 'A service did not come back after a container was killed.',
    why: 'cc-ci killed one container as a crash would, and the engine starts no other task in the place of what ended.',
    todo: 'Use the restart condition `any` (or `on-failure` without a limit) for every server: a crash must not need a person.',
  },
  'no-op-restarts': {
    blame: 'ci',
    retry: deterministic('cc-ci deployed something else than before: to be fixed, not tried again.'),
    what: 'Deploying the same commit again restarted something.',
    why: 'Tasks were replaced, or the wanted spec differs from the one before, though neither files nor environment had changed.',
    todo: 'Report this with the fields that it names: the same input must give the same services.',
  },
  'service-stranded': {
    blame: 'recipe',
    retry: deterministic('The restart policy says that the engine is not to start it again.'),
    what: 'A server that ended or was stopped stays down.',
    why: 'Its task ended with 0 and the restart condition `on-failure` does not start it again; or no task of it is left and the engine makes none, because its restarts (`max_attempts`) are used up.',
    todo: 'Use the restart condition `any`, allow more restarts, or find out why the program ends.',
  },
  'oom-killed': {
    blame: 'recipe',
    retry: deterministic('The same program meets the same limit.'),
    what: 'A task was killed because it used more memory than it may.',
    why: 'The engine set the out-of-memory flag on its container.',
    todo: 'Raise the memory limit in the compose file, or make the app use less.',
  },
  'run-memory': {
    blame: 'infra',
    retry: deterministic('The same programs meet the same bound.'),
    what: 'A program of the app was killed for want of memory that the run, not the recipe, bounds.',
    why: 'It met a limit that cc-ci or the setting `resources.memory` set for it, or all services together held more than the run may have, or the machine itself had no memory left.',
    todo: 'Raise what a run may have (`--run-memory`, CC_CI_RUN_MEMORY, or the enrolment) if the app needs it; otherwise find out what holds on to it.',
  },
  'run-processes': {
    blame: 'infra',
    retry: deterministic('The same programs meet the same bound.'),
    what: "A container of the app was refused one more process by a limit that is not the recipe's.",
    why: 'The kernel said so in its log: the container had as many processes, threads among them, as it may have here.',
    todo: "Raise `resources.processes` in the operator's cc-ci.yml if the app needs it; otherwise find out what starts processes without end.",
  },
  'one-shot-failed': {
    blame: 'recipe',
    retry: worthwhile(
      'It is started once only, so that one lost race with a database that starts beside it is enough.',
    ),
    what: 'A task that should run once to its end failed.',
    why: 'It ended with a non-zero code and will not be started again.',
    todo: 'Read its last log lines below.',
  },
  'healthcheck-failing': {
    blame: 'recipe',
    retry: worthwhile('A probe has a time limit, and a busy machine can make a good app miss it.'),
    what: 'The health check of a service does not pass.',
    why: 'The engine marked its container unhealthy; the output of the last probes is below.',
    todo: 'Run the check by hand in the container: the app may be slow (raise start_period) or the check wrong.',
  },
  'not-converged': {
    blame: 'recipe',
    retry: worthwhile('A deadline passed with no decisive sign.'),
    what: 'The services did not all come up before the deadline.',
    why: 'The deadline passed with no decisive sign and no progress; what was still missing is below.',
    todo: 'If the app needs longer, raise `timeouts.deploy`; otherwise look at the service named below.',
  },
  'rolled-back': {
    blame: 'recipe',
    retry: worthwhile('One failed task is enough for the engine to give an update up.'),
    what: 'The engine gave the update up and put the old version back.',
    why: "The service's update status says so: the new tasks failed within the monitor window.",
    todo: 'Read why the new tasks failed. The engine puts the old version back, which hides the fault from a plain look; it runs on whatever data the new version has changed by then: a migration that stopped half way is not undone.',
  },
  'update-paused': {
    blame: 'recipe',
    retry: worthwhile('One failed task is enough for the engine to stop an update.'),
    what: 'The engine stopped the update half way.',
    why: "The service's update status is `paused`: new tasks failed, and the recipe asks for a pause on failure.",
    todo: 'Read why the new tasks failed.',
  },
  'orphan-service': {
    blame: 'recipe',
    retry: deterministic('The same two compose files are deployed one after the other.'),
    what: 'A service of the old version still runs though the new one no longer has it.',
    why: 'Deploying a stack does not remove what the new compose file dropped.',
    todo: 'Say in the release notes that operators must remove it by hand.',
  },
  'head-not-deployed': {
    blame: 'ci',
    retry: deterministic('cc-ci deployed something else than it should have: to be fixed, not tried again.'),
    what: 'What runs is not the commit under test.',
    why: 'The chaos-version label of the running app is not the head commit.',
    todo: 'Report this: nothing after this point was about your change.',
  },
  'base-unknown': {
    blame: 'infra',
    retry: deterministic('The same clone is read again.'),
    what: 'The version that the upgrade starts from is not known.',
    why: 'The clone lacks history or tags and its origin could not be asked, or head comes after none of the released versions.',
    todo: 'Fetch the whole history with all tags, or name the version with `upgrade.from` or --base.',
  },
  'no-version-delta': {
    blame: 'recipe',
    retry: deterministic('The same two releases are compared again.'),
    what: 'Base and head run the same thing, so there was no upgrade to judge.',
    why: 'No image, command, environment, config or volume differs between the pinned base and head.',
    todo: 'Pin another base with `upgrade.from`, or let cc-ci choose one.',
  },
  'http-not-serving': {
    blame: 'recipe',
    retry: worthwhile(
      'A deadline that passes while the app works tells nothing about the next start. Where nothing moved any more, or the files or open ports say why, it would come again.',
    ),
    what: 'The app does not answer over HTTP.',
    why: 'All tasks run, but no request through the proxy got an answer of the app until nothing moved any more, or the deadline passed.',
    todo: 'Check the port in `traefik.http.services.<name>.loadbalancer.server.port` and that the app listens on 0.0.0.0.',
  },
  'http-wrong-status': {
    blame: 'recipe',
    retry: deterministic('The app itself gave this answer until nothing moved any more, or the deadline passed.'),
    what: 'The app answers with an unexpected status.',
    why: 'The answer came from the app itself and its status is none of those allowed.',
    todo: 'Read the body below; if the status is right for this app, set `health.path` or `health.status`.',
  },
  'proxy-fallback': {
    blame: 'recipe',
    retry: deterministic('A router that exists is found within seconds; none was while the app was waited for.'),
    what: "The proxy answers in the app's place.",
    why: "No router matches the app's domain, so that the proxy's own error page came back.",
    todo: 'Check the router labels: `rule`, `entrypoints`, `traefik.enable`, and that they stand under `deploy.labels`.',
  },
  'blank-page': {
    blame: 'recipe',
    retry: worthwhile('A script that loads too slowly leaves the same empty page as a broken one.'),
    what: 'The app serves a page on which a browser shows nothing.',
    why: 'A real browser loaded it and found no text, no picture and no form.',
    todo: 'See the screenshot, the console errors and the failed requests.',
  },
  'error-page': {
    blame: 'recipe',
    retry: worthwhile('An app that met its database a moment too early may show one until it is started again.'),
    what: 'The app answers that all is well, and the page that it shows is an error.',
    why: 'Title, heading and text of the page in a real browser are those of a known error page or a stack trace, for 12 seconds.',
    todo: "Read the log of the service: the app's own error stands there.",
  },
  'page-memory': {
    blame: 'recipe',
    retry: worthwhile('How much a page takes may depend on what it finds and in which order.'),
    what: 'The page of the app takes more memory than a browser may have here.',
    why: "The kernel ended it at the limit of the run's browser, which is named below; nothing else was open in it.",
    todo: 'Open the page in a browser and look at its memory. If it needs that much, name a lighter page in `screenshot.path`.',
  },
  'redirect-loop': {
    blame: 'recipe',
    retry: deterministic('The way is what the app believes its own address to be.'),
    what: 'The app sends the browser round and round, and never shows a page.',
    why: 'The same addresses came again and again, by redirects or because the pages load each other; the way is below.',
    todo: 'Check what the app believes its own address to be: domain, scheme (X-Forwarded-Proto) and base path.',
  },
  regression: {
    blame: 'recipe',
    retry: deterministic(
      'The base answered there, and the labels, ports and processes of head would be the same ones again.',
    ),
    what: 'Head does not do what the version before it did: a route, a published port or the backups are gone.',
    why: 'It answered or was promised while the base ran, and after the upgrade it does not or is not.',
    todo: 'Put back the router, port or label. If it is left out on purpose, name it with the reason in the setting `removed`.',
  },
  'data-lost': {
    blame: 'recipe',
    retry: deterministic('Data that is lost once is lost: an attempt that keeps it would not bring it back.'),
    what: 'Data that was there before the operation is gone after it.',
    why: 'A witness that cc-ci planted, or the fingerprint that it took, did not survive.',
    todo: 'Compare the volumes and database settings of both versions: a renamed volume or changed path loses data.',
  },
  'data-unreadable': {
    blame: 'recipe',
    retry: worthwhile('The client program was called beside a server that may just have been starting.'),
    what: 'A database that was read before the operation cannot be read after it, so nobody knows whether its data is there.',
    why: "Its client program, called in the server's own container with the credentials of that container, did not get in, or got no answer.",
    todo: 'Check whether the new version changed password, user or database of the server: the data folder keeps those it was made with.',
  },
  'backup-not-covered': {
    blame: 'recipe',
    retry: deterministic('The same labels and hooks cover the same data.'),
    what: 'The backup does not hold what its labels promise.',
    why: 'A promised volume or path is missing from the snapshot; or the app lost data that did not come back, though the rest of the snapshot did.',
    todo: 'Check the backupbot labels (volume names are the short ones of the compose file, paths are relative to the volume) and that dumps hold every database.',
  },
  'backup-empty': {
    blame: 'recipe',
    retry: deterministic('A backup that is empty once cannot be relied upon, whatever the next one holds.'),
    what: 'The backup holds nothing of use.',
    why: 'The snapshot or a dump in it has no content, or the dump is cut off.',
    todo: 'Run the backup pre-hook by hand and look at the file it writes.',
  },
  'backup-hook-failed': {
    blame: 'recipe',
    retry: worthwhile('The command ran once, beside an app that may just have been busy.'),
    what: 'A command that a backup label asks for failed.',
    why: 'It ended with a non-zero code in the container; its output is below.',
    todo: 'Run the command in the container; is the script mounted, executable, and the database reachable?',
  },
  'restore-hook-failed': {
    blame: 'recipe',
    retry: worthwhile('The command ran once, beside an app that may just have been busy.'),
    what: 'A command that a restore label asks for failed.',
    why: 'It ended with a non-zero code in the container; its output is below.',
    todo: 'Run the command in the container; does it cope with connections that are still open?',
  },
  'restore-no-effect': {
    blame: 'recipe',
    retry: deterministic('A restore that brings nothing back once cannot be relied upon, whatever the next one does.'),
    what: 'Restoring did not bring the data back.',
    why: 'What cc-ci destroyed after the backup is still missing after the restore of that very snapshot.',
    todo: 'Check that the restore hook loads the dump that the backup hook wrote.',
  },
  'rollback-data-lost': {
    blame: 'recipe',
    retry: deterministic('Losing data once is too often, whatever a second attempt says.'),
    what: 'The version before the upgrade was put back, and its backup did not give all of its data back.',
    why: 'It was backed up before the upgrade; afterwards it was deployed on empty volumes and that snapshot restored, with its own hooks. What cc-ci had seen there before is not all there.',
    todo: 'This is what an operator has who goes back after an upgrade. The released version cannot be changed any more: fix its backup in the next one, and tell operators of this one.',
  },
  'backup-not-verified': {
    blame: 'recipe',
    retry: deterministic('Three backups in a row were refused already.'),
    what: "The recipe's own check says that the backup is not good.",
    why: '`backup.verify` said no, three backups in a row.',
    todo: 'Look at what the rule or function asks for, and at what the snapshot holds.',
  },
  'not-ready': {
    blame: 'recipe',
    retry: worthwhile('A deadline passed with no decisive sign.'),
    what: 'A readiness check of the recipe did not come true.',
    why: 'A probe of `ready` did not succeed before its time was over, or its function said no.',
    todo: 'Compare the probe with the log of its service; give it more `timeout` if the app only needs longer.',
  },
  'hook-failed': {
    blame: 'recipe',
    retry: worthwhile('Its code waits for things, and may have met the app at a bad moment.'),
    what: 'A hook of the recipe failed.',
    why: 'The named function of cc-ci.config.ts threw or did not end in time, or install-steps.sh ended with a non-zero code.',
    todo: "Read the hook's lines below and its log in the run's folder.",
  },
  'code-refused': {
    blame: 'infra',
    retry: deterministic('Only an approval changes it.'),
    what: 'Code that comes with the recipe was not run, because the operator has not approved it.',
    why: 'Code from a recipe repository is refused unless it was approved for this repository and commit, or branch.',
    todo: 'Read the code; if it is good, approve it with `cc-ci approve`, or for this once with `--approve-code`, and run again.',
  },
  'test-failed': {
    blame: 'recipe',
    retry: worthwhile('A test waits for things under time limits, and is run once.'),
    what: 'A custom test failed.',
    why: 'Its assertion did not hold; the test and its error are below.',
    todo: 'Read the error and the trace.',
  },
  'no-tests-ran': {
    blame: 'recipe',
    retry: deterministic('The same files hold the same tests.'),
    what: 'Custom tests are there, but none ran.',
    why: 'The test runner executed zero tests.',
    todo: 'Look for skipped tests and for syntax errors in the listed files.',
  },
  'dep-failed': {
    blame: 'infra',
    retry: worthwhile('It is brought up again with the fresh stack.'),
    what: 'Something that the app depends on did not come up.',
    why: 'The provider said so.',
    todo: "See the provider's own log.",
  },
  'screenshot-failed': {
    blame: 'ci',
    retry: worthwhile('The browser is started again with the fresh stack.'),
    what: 'No screenshot could be taken.',
    why: 'The browser did not start or did not answer.',
    todo: 'Run `cc-ci doctor` to check the browser.',
  },
  'teardown-leak': {
    blame: 'ci',
    retry: deterministic('Nothing is deployed where something is left.'),
    what: 'Something of this run was left behind.',
    why: 'The leak ledger found it after the removal.',
    todo: 'Run `cc-ci gc`, and report what it names.',
  },
  'secret-leaked': {
    blame: 'ci',
    retry: deterministic('What was written once counts.'),
    what: 'A secret stood in something that would have been kept.',
    why: 'The masker found it on its last look.',
    todo: 'Report this; the text was masked.',
  },
  'disk-full': {
    blame: 'infra',
    retry: deterministic('A fresh stack needs the same space.'),
    what: 'There is no room left on the disk, for this run or on the machine.',
    why: 'Writing failed with ENOSPC, or the engine reported it; or, before it came to that, less was free than must stay free (`CC_CI_DISK_RESERVE`), or the app itself held more than one run may (`resources.disk`), which is a fault of the recipe.',
    todo: 'Free space: `cc-ci gc`, then unused images.',
  },
  'engine-lost': {
    blame: 'infra',
    retry: worthwhile('An engine that has come back takes a fresh stack; while it is gone nothing is repeated.'),
    what: 'The engine stopped answering.',
    why: 'Calls to its socket failed or hung past their deadline.',
    todo: 'Run `cc-ci doctor`; then start the run again.',
  },
  'deployer-failed': {
    blame: 'infra',
    retry: worthwhile('What a program said that nobody knows may have been about a moment.'),
    what: 'The program that deploys (`--deployer abra`) did not do what it was asked, for a reason that cc-ci cannot tell.',
    why: "It ended with words that the table of its messages does not have and that are not the engine's, did not end in time, or what runs is not what it was given.",
    todo: 'Run `cc-ci doctor --deployer abra`. `--deployer native` judges the recipe without that program.',
  },
  deadline: {
    blame: 'infra',
    retry: worthwhile(
      'A step took too long with no decisive sign. A run that met its own deadline has no time left for it.',
    ),
    what: 'A step or the whole run reached its deadline.',
    why: 'No decisive sign came before; the last thing seen is below.',
    todo: 'If the step was making progress, raise the deadline that is named.',
  },
  'harness-error': {
    blame: 'ci',
    retry: deterministic('An error of cc-ci is to be reported, not tried away.'),
    what: 'cc-ci itself failed.',
    why: 'An error reached a place where none should be.',
    todo: "Report it with the run's folder; this says nothing about the recipe.",
  },
  blocked: {
    blame: 'recipe',
    retry: deterministic('The tier it names decides.'),
    what: 'This tier could not be judged because an earlier one did not pass.',
    why: 'It needs what that tier makes.',
    todo: 'Look at the cause of the tier it names.',
  },
  'evidence-missing': {
    blame: 'ci',
    retry: deterministic('A gap in what cc-ci records is to be reported, not tried away.'),
    what: 'A tier found nothing wrong but lacks the evidence to pass.',
    why: 'The rule "no evidence, no pass" named what is missing.',
    todo: 'Report it with the run; nothing was proven here.',
  },
  interrupted: {
    blame: 'infra',
    retry: deterministic('Somebody wanted the run to end.'),
    what: 'The run was stopped before this tier ended.',
    why: 'A signal or a cancellation came.',
    todo: 'Start the run again.',
  },
} as const satisfies Record<string, CauseEntry>

export type CauseCode = keyof typeof CAUSES

/** Why a tier is not `pass`. */
export interface Cause {
  readonly code: CauseCode
  readonly blame: Blame
  /** What happened this time. */
  readonly message: string
  readonly hint: string
  readonly service?: string
  /** Where this case differs from what the table says of its code: whether a second attempt would end the same. */
  readonly deterministic?: boolean
  /** The decisive lines: exit codes, task history, last log lines. */
  readonly lines: readonly string[]
}

/** A cause with the table's blame and instruction where none better is known. */
export function cause(
  code: CauseCode,
  message: string,
  details: { blame?: Blame; hint?: string; service?: string; deterministic?: boolean; lines?: readonly string[] } = {},
): Cause {
  const { blame, todo } = CAUSES[code]
  const { service, deterministic, lines = [] } = details
  return {
    code,
    blame: details.blame ?? blame,
    message,
    hint: details.hint ?? todo,
    ...(service ? { service } : {}),
    ...(deterministic === undefined ? {} : { deterministic }),
    lines,
  }
}

/** True when a second attempt on a fresh stack would end the same, or must not undo what was found. */
export function isDeterministic({ code, deterministic }: Pick<Cause, 'code' | 'deterministic'>): boolean {
  return deterministic ?? CAUSES[code].retry.deterministic
}

import type { Command } from 'commander'
import { z } from 'zod'
import { PAGE_SIGNS } from '../../../src/checks/page-signs.ts'
import { buildProgram } from '../../../src/cli/program.ts'
import { ABRA, PINNED } from '../../../src/deploy/abra/versions.ts'
import { DIFFERENCES } from '../../../src/deploy/differences.ts'
import { DEPLOYER_KINDS } from '../../../src/deploy/names.ts'
import { PROVIDERS } from '../../../src/deps/index.ts'
import { ROWS, VERDICTS } from '../../../src/history/attribution/table.ts'
import { ENVIRONMENT } from '../../../src/lib/environment.ts'
import { upperSnake } from '../../../src/lifecycle/custom/install-steps.ts'
import { LINT_RULES } from '../../../src/recipe/lint/rules.ts'
import { SERVER_SETTINGS } from '../../../src/server/settings/table.ts'
import { EVENT_SHAPES } from '../../../src/verdict/event-shape.ts'
import { FINDING_GROUPS } from '../../../src/verdict/findings.ts'
import { cell, markdownPage } from './markdown-page.ts'

/** Every lint rule: what it asks for, what to do, where it comes from. */
export function lintPage(): string {
  const rows = LINT_RULES.map(
    ({ id, severity, title }) => `| [${id}](#${id.toLowerCase()}) | ${severity} | ${cell(title)} |`,
  )
  const sections = LINT_RULES.map(({ id, title, severity, fix, source, cause = 'compose-invalid' }) => {
    const fails = severity === 'error' ? `\n- **Fails the tier lint with**: [${cause}](causes.md#${cause})` : ''
    return `## ${id}\n\n${title}.\n\n- **Severity**: ${severity}${fails}\n- **What to do**: ${fix}\n- **Source**: ${source}`
  })
  return markdownPage('Lint rules', [
    'What the tier `lint` and `cc-ci lint` look for. Rules of `error` fail the tier; the others are findings.',
    ['| rule | severity | what is asked |', '|---|---|---|', ...rows].join('\n'),
    ...sections,
  ])
}

/** What a browser knows of pages: which are errors, which are only told, and what else is told of a page. */
export function pagesPage(): string {
  const signs = (weight: string) =>
    PAGE_SIGNS.filter((sign) => sign.weight === weight).map(
      ({ id, means, todo }) => `| ${id} | ${cell(means)} | ${cell(todo)} |`,
    )
  const table = (weight: string) => ['| page | it is | what to do |', '|---|---|---|', ...signs(weight)].join('\n')
  return markdownPage('Pages in a browser', [
    'A real browser opens the app (`screenshot.path`) after install and after upgrade. What it knows a page by is its title, its first heading, how its text begins and elements of its own, never a text alone: a page that quotes an error is no error.',
    `## Errors\n\nShown for 12 seconds with a status that says that all is well, one of these fails the tier with [error-page](causes.md#error-page). A status of 5xx is [http-wrong-status](causes.md#http-wrong-status), whatever the page shows.\n\n${table('decisive')}`,
    `## Findings\n\nFindings that decide nothing, because somebody may want the page so.\n\n${table('finding')}`,
    'What else may be told of a page is among the [findings](findings.md#what-a-browser-meets).',
  ])
}

/** Every finding of cc-ci's own, by what it is about. */
export function findingsPage(): string {
  const sections = FINDING_GROUPS.map(({ title, findings }) => {
    const rows = Object.entries(findings).map(
      ([code, { severity, what, todo }]) => `| ${code} | ${severity} | ${cell(what)} | ${cell(todo)} |`,
    )
    return `## ${title}\n\n| finding | severity | what | what to do |\n|---|---|---|---|\n${rows.join('\n')}`
  })
  return markdownPage('Findings', [
    'What is worth knowing of a run and decides no tier. `cc-ci explain CODE` prints one of these. A case may have another severity than the usual one, which stands here; its message says what was found. [Lint rules](lint.md) and [pages that a browser knows](pages.md#findings) are findings too.',
    ...sections,
  ])
}

/** What each provider gives, under which names. */
export async function dependenciesPage(): Promise<string> {
  const providers = await Promise.all(Object.values(PROVIDERS).map((load) => load()))
  const sections = providers.map(({ name, what, outputs }) => {
    const rows = Object.entries(outputs).map(
      ([key, text]) => `| \`${key}\` | \`${variable(name, key)}\` | ${cell(text)} |`,
    )
    return `## ${name}\n\n${what}\n\n| in \`deps.${name}\` | in \`install-steps.sh\` | what |\n|---|---|---|\n${rows.join('\n')}`
  })
  return markdownPage('Dependencies', [
    'What may stand under `deps`. Each is there before the app is deployed; its values are in `ctx.deps` of hooks, in the fixture `deps` of tests tagged `@integration`, and in the environment of `install-steps.sh`.',
    ...sections,
    '## A recipe\n\nThe name of a recipe below `--recipes` deploys its newest release as a second app of the run, with its own settings, and gives `domain`, `baseUrl` and `version`.',
  ])
}

function variable(dep: string, key: string): string {
  return `CC_CI_DEP_${upperSnake(dep)}_${upperSnake(key)}`
}

/** The help of every command, as the command line prints it. */
export function commandsPage(): string {
  const program = buildProgram()
  const commands = allCommands(program).filter((command) => command.name() !== 'help')
  const sections = commands.map((command) => `## ${pathOf(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``)
  return markdownPage('Commands', ['What `--help` prints.', ...sections])
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

function pathOf(command: Command): string {
  return [...(command.parent ? [pathOf(command.parent)] : []), command.name()].join(' ')
}

function helpOf(command: Command): string {
  const out: string[] = []
  command.configureOutput({
    writeOut: (text) => out.push(text),
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return out.join('').trim()
}

/** The table of verdicts: which row holds of which situation. */
export function attributionPage(): string {
  const verdicts = Object.entries(VERDICTS).map(([verdict, meaning]) => `| ${verdict} | ${cell(meaning)} |`)
  const parts = ['OO', 'NO', 'ON', 'NN', 'recorded', 'change'] as const
  const rows = ROWS.map(({ id, when, verdict, because }) => {
    const cells = parts.map((part) => when[part]?.join(', ') ?? 'any')
    return `| ${[id, ...cells, verdict, cell(because)].join(' | ')} |`
  })
  return markdownPage('Verdicts of an attribution', [
    'What `cc-ci ab` may answer.',
    ['| verdict | meaning |', '|---|---|', ...verdicts].join('\n'),
    'Of every situation exactly one of these rows holds. A cell is named by its tool and its ref, `O` for old and `N` for new. `before`: it ends as OO; `after`: as NN, which ends otherwise than OO; `other`: as neither; `few`: too seldom judged; `infra`: could not be judged. `change`: from OO to NN a pass became none (`broke`), one of the two is an end that cc-ci blames on itself (`own`), or neither (`altered`). `recorded`: how the last earlier run of OO ended, beside what OO ends with now; `moved`: otherwise, in other conditions; `unexplained`: otherwise, in equal ones.',
    [`| row | ${parts.join(' | ')} | verdict | because |`, '|---|---|---|---|---|---|---|---|---|', ...rows].join('\n'),
  ])
}

/** How a server is told what to be. */
export function serverSettingsPage(): string {
  const rows = SERVER_SETTINGS.map((setting) => {
    const { variable, flag, kind, default: standard, required, description } = setting
    const least = 'atLeast' in setting ? ` At least ${setting.atLeast} characters.` : ''
    const otherwise = required ? 'needed' : standard === null ? '' : `\`${standard}\``
    const file = kind === 'secret' ? `, \`${variable}_FILE\`` : ''
    return `| \`${variable}\`${file} | ${flag ? `\`--${flag}\`` : ''} | ${kind} | ${otherwise} | ${cell(description)}${least} |`
  })
  return markdownPage('Settings of a server', [
    'What `cc-ci serve` reads: a flag, else the variable, else the default. Secrets have no flag, because everybody on a machine sees the arguments of a program; with `_FILE` the variable names a file that holds the value.',
    ['| variable | flag | kind | default | what it is for |', '|---|---|---|---|---|', ...rows].join('\n'),
  ])
}

/** What each deployer does in its way, and what is called of abra. */
export function deployersPage(): string {
  const kinds = Object.entries(DEPLOYER_KINDS).map(([name, about]) => `- \`--deployer ${name}\`: ${about}.`)
  const rows = DIFFERENCES.map(({ aspect, abra, native, kind, shown, test }) => {
    const told = shown === undefined ? kind : `${kind}: "${shown}…"`
    return `| ${cell(aspect)} | ${cell(abra)} | ${cell(native)} | ${cell(told)} | \`test/${test[0]}\` |`
  })
  const known = { seen: 'seen in a source that calls it', told: 'told, not looked up', inferred: 'inferred' } as const
  const commands = Object.values(ABRA.commands).map(({ words, flags, takes, terminal, known: how }) => {
    const call = ['abra', ...words, ...flags.map(({ pass }) => pass), ...(takes ? [takes] : [])].join(' ')
    return `| \`${call}\` | ${terminal ? 'yes' : ''} | ${known[how]} |`
  })
  return markdownPage('Deployers', [
    'What puts an app on the engine. Everything else is the same with each: images, convergence, evidence, backup and restore, the proof of the teardown.',
    kinds.join('\n'),
    `**abra is not proven here.** The deployer \`abra\` was written from documentation, for abra ${PINNED} (commit ${ABRA.commit}) alone, and is tested with a stand-in that does what is documented: no abra has ever been part of its tests. \`cc-ci doctor --deployer abra\` compares the abra of a machine with what cc-ci takes it for, and says \`agrees\` or \`differs\` of each point. Results of every run with it have the finding \`deployer-unproven\`. Why it is built so: [decision 48](../decisions/0048-the-abra-deployer.md).`,
    '`--deployer` is an option of `cc-ci test` and `cc-ci doctor`; sweeps, workers and attribution deploy natively.',
    '## Differences',
    '`same`: both come to the same, by the test. `accommodation`: results of a run with abra say it. `other`: the app meets something else.',
    ['| what | abra | native | with `--deployer abra` | test |', '|---|---|---|---|---|', ...rows].join('\n'),
    '## What is called',
    'Each call in an `ABRA_DIR` of the app alone; how its form is known stands beside it.',
    ['| call | on a terminal | known |', '|---|---|---|', ...commands].join('\n'),
  ])
}

/** Every variable `CC_CI_*` that is no setting of a server. */
export function environmentPage(): string {
  const rows = Object.entries(ENVIRONMENT).map(([name, row]) => ({ name, ...row }))
  const set = rows.filter(({ setBy }) => setBy === 'operator')
  const operator = set.map(
    ({ name, type, default: standard, toRuns, description }) =>
      `| \`${name}\` | ${type} | ${standard === null ? '' : `\`${standard}\``} | ${toRuns ? 'yes' : ''} | ${cell(description)} |`,
  )
  const others = (by: string) =>
    rows
      .filter(({ setBy }) => setBy === by)
      .map(({ name, type, description }) => `| \`${name}\` | ${type} | ${cell(description)} |`)
  const head = '| variable | type | what it is |\n|---|---|---|'
  return markdownPage('Environment variables', [
    'What `cc-ci` reads from its environment, beside the [settings of a server](server-settings.md). An empty value counts as not set. A size is written like `512M` or `2G`, a duration like `90s`, `10m` or `30d`.',
    '## For operators',
    [
      '| variable | type | default | handed to runs by a worker | what it is for |',
      '|---|---|---|---|---|',
      ...operator,
    ].join('\n'),
    'From the environment of others: `DOCKER_HOST`, `DOCKER_CONTEXT` and `DOCKER_CONFIG` name another engine, as for the docker CLI, `XDG_STATE_HOME` and `XDG_CACHE_HOME` where state and caches are, `NO_COLOR`, `FORCE_COLOR` and `TERM` whether output has colours, `TERM` and `CI` whether a terminal is drawn over, `FORCE_HYPERLINK` whether the path of a report is a link (default: in terminals that are known to draw links), `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` how packages are fetched.',
    '## For `install-steps.sh`',
    'Set by `cc-ci` for the script of a recipe.',
    [head, ...others('cc-ci for custom code')].join('\n'),
    '## Internal',
    'Set by `cc-ci` for its own processes; listed so that nobody takes the names.',
    [head, ...others('cc-ci')].join('\n'),
  ])
}

/** The body of every line of `events.ndjson`. */
export function eventsPage(): string {
  const sections = Object.entries(EVENT_SHAPES).map(([type, shape]) => {
    const { $schema: _, additionalProperties: __, ...body } = z.toJSONSchema(shape, { unrepresentable: 'any' })
    return `## ${type}\n\n\`\`\`json\n${JSON.stringify(type === 'evidence' ? withoutKinds(body) : body, null, 2)}\n\`\`\``
  })
  return markdownPage('Events', [
    '`events.ndjson` holds one JSON object per line, in the order in which things happened; results are computed from it alone. Every line has `seq` (from 1, without gaps), `at` (ISO 8601, UTC) and `type`; the rest by type:',
    ...sections,
  ])
}

/** The kinds of evidence have a page of their own. */
function withoutKinds(body: { readonly properties?: object }): object {
  return {
    ...body,
    properties: { ...body.properties, evidence: { description: 'One kind of evidence: see tiers.md' } },
  }
}

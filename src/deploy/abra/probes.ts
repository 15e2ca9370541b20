import type { Engine } from '../../engine/client.ts'
import { removeStackOrThrow } from '../../engine/removal.ts'
import { messageOf } from '../../lib/errors.ts'
import { withScratch } from '../../lib/files/scratch.ts'
import { newRunId } from '../../lib/ids.ts'
import { backupBots } from './backup.ts'
import { abraHome } from './home.ts'
import { type AbraOutcome, isSuccess, readJson, readLintTable, readSnapshot } from './output.ts'
import { makeProbeApp, type ProbeApp } from './probe-app.ts'
import { type AbraProgram, callAbra, callAs } from './program.ts'
import { ABRA, type AbraCommandId } from './versions.ts'

const CALL_DEADLINE_MS = 120_000

/** What one probe found out about the abra of this machine. */
export interface ProbeRow {
  readonly id: string
  /** What cc-ci takes abra for, to which the answer is compared. */
  readonly expects: string
  readonly result: 'agrees' | 'differs' | 'not run'
  readonly seen: string
}

/** With what probes are made. */
interface Probing {
  readonly engine: Engine
  readonly program: AbraProgram
  readonly app: ProbeApp
  readonly call: (id: AbraCommandId, args: readonly string[], without?: readonly string[]) => Promise<AbraOutcome>
}

type Found = Pick<ProbeRow, 'result' | 'seen'>

interface Probe {
  readonly id: string
  readonly expects: string
  readonly look: (probing: Probing) => Promise<Found>
}

const agree = (agrees: boolean, seen: string): Found => ({ result: agrees ? 'agrees' : 'differs', seen })

/** In this order: each goes on from where the one before left the scratch app. */
const PROBES: readonly Probe[] = [
  { id: 'help', expects: 'every command that cc-ci calls has the flags that it passes', look: helpTexts },
  { id: 'lint', expects: 'recipe lint prints a table with R001 to R016 on a terminal', look: lintTable },
  {
    id: 'charsets',
    expects: 'secrets have the length, and letters and digits, or the special characters, that they ask for',
    look: charsets,
  },
  { id: 'deploy', expects: 'app deploy -C deploys a changed tree and returns before convergence', look: deploy },
  {
    id: 'labels',
    expects: 'a changed tree gets the labels recipe, chaos true, its own version, and chaos-version COMMIT+U',
    look: labels,
  },
  {
    id: 'environment',
    expects: 'the service app gets every variable of the env file, and abra.sh wins over it',
    look: environment,
  },
  { id: 'json', expects: 'app ls, app ps, secret ls and recipe versions print JSON with -m', look: jsonShapes },
  {
    id: 'deploy-again',
    expects: 'app deploy without -C and -f refuses what is deployed, with exit code 1 and FATA',
    look: deployAgain,
  },
  {
    id: 'volume-in-use',
    expects: 'app volume rm refuses while the app is deployed, with exit code 1 and FATA',
    look: volumeInUse,
  },
  {
    id: 'backup',
    expects: 'app backup create names a snapshot; without backup-bot-two it ends with exit code 1 and FATA',
    look: backup,
  },
  {
    id: 'undeploy-twice',
    expects: 'the first app undeploy succeeds, and the second ends with exit code 1 and FATA',
    look: undeployTwice,
  },
]

/** Not made here, and why. */
const NOT_MADE: readonly ProbeRow[] = [
  {
    id: 'stack-name',
    expects: `a stack name is cut to ${ABRA.stackName} characters`,
    result: 'not run',
    seen: 'cc-ci names every stack itself (STACK_NAME), and no longer than that',
  },
  {
    id: 'window',
    expects: `abra gives a deployment ${ABRA.windowMs / 1000} s where nothing says how long`,
    result: 'not run',
    seen: 'it takes that long to see, and cc-ci switches the window off (-c)',
  },
  {
    id: 'restore',
    expects: 'app restore has flags for a snapshot',
    result: 'not run',
    seen: 'cc-ci restores by itself; its flags are unverified',
  },
]

/**
 * Compares the abra of this machine with the table, by what it prints and by what the engine has after each command: a scratch app of a tiny recipe, gone afterwards. `image`: one that
 * the engine has, with a shell. What a probe meets is its result, never an error.
 */
export async function probeAbra(engine: Engine, program: AbraProgram, image: string): Promise<ProbeRow[]> {
  return withScratch('probes', async (root) => {
    const app = await makeProbeApp({ root, image, runId: newRunId(Date.now()) })
    const home = abraHome(root, app.app)
    const probing: Probing = {
      ...{ engine, program, app },
      call: (id, args, without = []) => {
        const { words, flags, terminal } = ABRA.commands[id]
        const argv = [...words, ...flags.map(({ pass }) => pass).filter((one) => !without.includes(one)), ...args]
        return callAs(program.file, { argv, terminal, dir: home.dir, timeoutMs: CALL_DEADLINE_MS })
      },
    }
    try {
      const rows: ProbeRow[] = []
      for (const { look, ...probe } of PROBES) rows.push({ ...probe, ...(await look(probing).catch(failed)) })
      return [...rows, ...NOT_MADE]
    } finally {
      const { stack, runId } = app.app
      await removeStackOrThrow(engine, { stack, runId, timeoutMs: 120_000 })
    }
  })
}

function failed(error: unknown): Found {
  return { result: 'differs', seen: messageOf(error) }
}

async function helpTexts({ program, app }: Probing): Promise<Found> {
  const missing: string[] = []
  for (const { words, flags } of Object.values(ABRA.commands)) {
    if (words.length === 0) continue
    const outcome = await callAs(program.file, {
      ...{ argv: [...words, '--help'], terminal: false, dir: app.home.dir, timeoutMs: CALL_DEADLINE_MS },
    })
    const text = outcome.lines.join('\n')
    const lacks = flags.filter(({ pass, long }) => !text.includes(long) || !(pass === long || text.includes(pass)))
    if (outcome.exitCode !== 0) missing.push(`${words.join(' ')}: ${said(outcome)}`)
    else if (lacks.length > 0) missing.push(`${words.join(' ')} lacks ${lacks.map(({ long }) => long).join(', ')}`)
  }
  return agree(missing.length === 0, missing.join('; ') || `${Object.keys(ABRA.commands).length - 1} commands`)
}

async function lintTable({ call, app }: Probing): Promise<Found> {
  const outcome = await call('lint', [app.recipe])
  const rules = readLintTable(outcome.lines)
  const missing = ABRA.lintRules.filter((rule) => !rules.some((one) => one.rule === rule))
  const strange = rules.filter(({ rule, kept }) => kept === null || !ABRA.lintRules.includes(rule))
  if (rules.length === 0) return agree(false, said(outcome))
  const shown = rules.map(({ rule, kept }) => `${rule}${kept === null ? '?' : kept ? '' : '!'}`).join(' ')
  return agree(missing.length + strange.length === 0, shown)
}

async function charsets({ call, app }: Probing): Promise<Found> {
  const outcome = await call('secret-generate', [app.app.domain])
  const values = secretValues(readJson(outcome.lines))
  const wrong = app.secrets.flatMap(({ name, length, pattern }) => {
    const value = values.get(name)
    if (value === undefined) return [`${name} is not there`]
    if (length !== null && value.length !== length) return [`${name} has ${value.length} characters`]
    return pattern.test(value) ? [] : [`${name} has other characters`]
  })
  if (values.size === 0) return agree(false, isSuccess(outcome) ? 'no values could be read' : said(outcome))
  return agree(wrong.length === 0, wrong.join('; ') || `${values.size} values, none shown`)
}

async function deploy({ call, app, engine }: Probing): Promise<Found> {
  const outcome = await call('deploy', [app.app.domain])
  const services = await engine.services(app.app.stack)
  const names = services.map(({ service }) => service).join(', ') || 'no service'
  return agree(isSuccess(outcome) && names === 'app', isSuccess(outcome) ? names : said(outcome))
}

async function labels({ app, engine }: Probing): Promise<Found> {
  const service = (await engine.services(app.app.stack)).find((one) => one.service === 'app')
  if (!service) return { result: 'not run', seen: 'nothing is deployed' }
  const label = (name: string) => service.labels[`coop-cloud.${app.app.stack}.${name}`] ?? 'none'
  const found = ['recipe', 'chaos', 'version', 'chaos-version'].map(label)
  const wanted = [app.recipe, 'true', app.version, `${app.commit.slice(0, 8)}+U`]
  return agree(found.join() === wanted.join(), found.join(', '))
}

async function environment({ app, engine }: Probing): Promise<Found> {
  const service = (await engine.services(app.app.stack)).find((one) => one.service === 'app')
  if (!service) return { result: 'not run', seen: 'nothing is deployed' }
  const { ContainerSpec } = service.taskTemplate as { ContainerSpec?: { Env?: readonly string[] | null } }
  const values = ContainerSpec?.Env ?? []
  const found = values.filter((value) => /^PROBE_/.test(value)).toSorted()
  return agree(found.join() === app.environment.join(), found.join(', ') || 'none of them')
}

async function jsonShapes({ call, app }: Probing): Promise<Found> {
  const { domain } = app.app
  const calls = [
    ['app-list', []],
    ['app-services', [domain]],
    ['secret-list', [domain]],
    ['recipe-versions', [app.recipe]],
  ] as const
  const wrong: string[] = []
  for (const [id, args] of calls) {
    const outcome = await call(id, args)
    if (!isSuccess(outcome) || readJson(outcome.lines) === undefined)
      wrong.push(`${ABRA.commands[id].words.join(' ')}: ${said(outcome)}`)
  }
  return agree(wrong.length === 0, wrong.join('; ') || 'all four are JSON')
}

async function deployAgain({ call, app }: Probing): Promise<Found> {
  return refuses(await call('deploy', [app.app.domain], ['-C', '-f']))
}

async function volumeInUse({ call, app }: Probing): Promise<Found> {
  return refuses(await call('volume-remove', [app.app.domain]))
}

async function backup({ app, engine, program }: Probing): Promise<Found> {
  const bots = await backupBots(engine)
  const outcome = await callAbra(program, 'backup', {
    ...{ dir: app.home.dir, args: [app.app.domain], timeoutMs: CALL_DEADLINE_MS },
  })
  if (bots.length === 0) return refuses(outcome)
  const snapshot = readSnapshot(outcome.lines)
  return agree(isSuccess(outcome) && snapshot !== null, `${bots[0]}: ${snapshot ?? said(outcome)}`)
}

async function undeployTwice({ call, app, engine }: Probing): Promise<Found> {
  const first = await call('undeploy', [app.app.domain])
  if (!isSuccess(first)) return agree(false, `the first: ${said(first)}`)
  const left = await engine.services(app.app.stack)
  if (left.length > 0) return agree(false, 'services stay')
  return refuses(await call('undeploy', [app.app.domain]))
}

function refuses(outcome: AbraOutcome): Found {
  return agree(outcome.exitCode === 1 && outcome.fatal !== null, said(outcome))
}

/** Of commands that print no secret. */
function said({ exitCode, fatal, lines }: AbraOutcome): string {
  return `exit code ${exitCode ?? 'none'}, ${fatal === null ? (lines.at(-1) ?? 'nothing said') : `FATA ${fatal}`}`
}

/** A list of `{ name, value }`, or one object with a value for each name. */
function secretValues(answer: unknown): ReadonlyMap<string, string> {
  const rows = Array.isArray(answer) ? answer : []
  const named = rows.flatMap((row: { name?: unknown; value?: unknown }) =>
    typeof row?.name === 'string' && typeof row.value === 'string' ? [[row.name, row.value] as const] : [],
  )
  const flat = Array.isArray(answer) || typeof answer !== 'object' || answer === null ? [] : Object.entries(answer)
  return new Map([
    ...named,
    ...flat.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])),
  ])
}

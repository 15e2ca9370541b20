import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { secretValuesOf } from '../../config/secret-names.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { INSIDE } from '../../sandbox/contract.ts'
import { cause } from '../../verdict/causes.ts'
import { type RunContext, TierStop } from '../context.ts'
import type { TierReporter } from '../reporter.ts'
import { appHandlers, credentials } from './handlers.ts'
import { customLog } from './log.ts'
import { sandboxOf } from './sandbox.ts'

/** What install-steps.sh asked for. */
export interface InstallSteps {
  readonly env: Readonly<Record<string, string>>
  /** Key under `secrets:` to the value to insert. */
  readonly secrets: Readonly<Record<string, string>>
}

const STEPS = `${INSIDE.artifacts}/install-steps`
const LIMITS = { maxBytes: 1024 * 1024, maxFiles: 200 }
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const OUTPUT_LINES = 15

/** Runs `install-steps.sh` in the sandbox and reads what its commands `app-env` and `app-secret` left. */
export async function runInstallSteps(context: RunContext, reporter: TierReporter): Promise<InstallSteps> {
  const { installSteps: file } = context.plan.custom.admitted
  if (!file) return { env: {}, secrets: {} }
  const output: string[] = []
  const path = `${file.side}/install-steps.sh`
  const result = await reporter.operation({ kind: 'install-steps', subject: file.shown }, () =>
    runScript(context, reporter, path, output),
  )
  // What was set is known to the masker before any of its words are kept.
  const steps = await collect(context)
  for (const value of [...Object.values(steps.secrets), ...secretValuesOf(steps.env)]) context.masker.add(value)
  keepOutput(context, output)
  if (result.exitCode !== 0) {
    const ending = result.timedOut ? `did not end within ${limit(context)}` : `ended with ${result.exitCode}`
    const lines = result.output.split('\n').filter((line) => line.trim() !== '')
    const why = cause('hook-failed', `install-steps.sh ${ending}`, {
      lines: lines.slice(-OUTPUT_LINES).map((line) => context.masker.mask(line)),
    })
    throw new TierStop('install-steps', why)
  }
  reporter.check('install-steps', 'pass')
  return steps
}

const MAX_OUTPUT_LINES = 20_000

function keepOutput(context: RunContext, output: readonly string[]): void {
  using log = customLog(context, 'install-steps')
  for (const line of output) log.line(line)
}

async function runScript(context: RunContext, reporter: TierReporter, path: string, output: string[]) {
  const keep = (line: string) => void (output.length < MAX_OUTPUT_LINES && output.push(line))
  const sandbox = await sandboxOf(context)
  return await sandbox.run(['bash', '-eu', '-o', 'pipefail', `${INSIDE.code}/${path}`], {
    timeoutMs: context.plan.settings.settings.timeouts.hook,
    signal: context.signal,
    cwd: INSIDE.code,
    env: scriptEnv(context),
    onLine: keep,
    handlers: appHandlers({ context, reporter, op: null, log: keep }),
  })
}

function limit({ plan }: RunContext): string {
  return formatDuration(plan.settings.settings.timeouts.hook)
}

/** Names, never files of ours: what a script may know of the app and of its dependencies. */
function scriptEnv(context: RunContext): Record<string, string> {
  const { app, repo, head } = context.plan
  const deps = Object.entries(credentials(context)).flatMap(([dep, values]) =>
    Object.entries(values).map(([key, value]) => [`CC_CI_DEP_${upperSnake(dep)}_${upperSnake(key)}`, value] as const),
  )
  return {
    PATH: `${INSIDE.runtime}/src/inside/bin:/usr/local/bin:/usr/bin:/bin`,
    CC_CI_DOMAIN: app.domain,
    CC_CI_BASE_URL: `https://${app.domain}`,
    CC_CI_RECIPE: repo.name,
    CC_CI_VERSION: head.version ?? '',
    CC_CI_COMMIT: head.commit,
    CC_CI_STEPS: STEPS,
    ...Object.fromEntries(deps),
  }
}

/** `clientSecret` to `CLIENT_SECRET`, `my-dep` to `MY_DEP`. */
export function upperSnake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
}

async function collect(context: RunContext): Promise<InstallSteps> {
  const into = join(context.folder.tmp, 'install-steps')
  mkdirSync(into, { recursive: true, mode: 0o700 })
  try {
    const { truncated } = await (await sandboxOf(context)).fetch(STEPS, into, LIMITS)
    if (truncated) throw refused('it set more than a megabyte, or more than 200 values')
    return { env: valuesIn(join(into, 'env')), secrets: valuesIn(join(into, 'secrets')) }
  } finally {
    rmSync(into, { recursive: true, force: true })
  }
}

/** One file for each value, so that a value may hold anything. */
function valuesIn(dir: string): Record<string, string> {
  const names = readNames(dir)
  const bad = names.find((name) => !NAME.test(name))
  if (bad !== undefined) throw refused(`"${bad}" is not the name of a variable or secret`)
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, name), 'utf8')]))
}

function readNames(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => statSync(join(dir, name)).isFile())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function refused(why: string): TierStop {
  return new TierStop('install-steps', cause('hook-failed', `install-steps.sh: ${why}`))
}

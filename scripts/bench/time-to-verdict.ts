import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { exec, inheritedEnv } from '../../src/lib/process/exec.ts'
import type { RunEvent } from '../../src/verdict/events.ts'
import { type PlainResult, plainDeploy } from './time-to-verdict/plain-stack-deploy.ts'
import { PLANTED, type Planted, plant } from './time-to-verdict/planted-faults.ts'

/**
 * Seconds from the deployment of a planted fault to the verdict: cc-ci beside a plain `docker stack deploy` with a poll until a deadline, on the same
 * recipe at the same time. Prints a table; `--write` keeps it in docs/reference/verdict-times.md. Other arguments are the causes to measure.
 */
const PLAIN_DEADLINE_MS = 60_000
const RUN_DEADLINE_MS = 300_000
const ROOT = join(import.meta.dirname, '..', '..')
const PAGE = join(ROOT, 'docs', 'reference', 'verdict-times.md')

interface Measured {
  readonly verdict: string
  /** From the start of the deployment to the check that decided. */
  readonly seconds: number
  /** From the last sign of the engine that the cause goes by; null where the engine gives none with a time. */
  readonly afterSign: number | null
}

async function withCcCi(planted: Planted, dir: string, state: string): Promise<Measured> {
  const env = { ...inheritedEnv(), CC_CI_STATE: state, NO_COLOR: '1' }
  const done = await exec(
    join(ROOT, 'bin', 'cc-ci'),
    ['test', dir, '--only', planted.upgrade ? 'upgrade' : 'install', '--no-repeat'],
    {
      timeoutMs: RUN_DEADLINE_MS,
      graceMs: 90_000,
      cwd: ROOT,
      env,
    },
  )
  const [run] = readdirSync(join(state, 'runs'))
  if (!run) throw new Error(`no run (exit ${done.exitCode}):\n${done.stdout}\n${done.stderr}`)
  const text = readFileSync(join(state, 'runs', run, 'events.ndjson'), 'utf8')
  const found = measured(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent),
    planted.upgrade ? 'upgrade' : 'install',
  )
  if (!found) throw new Error(`the run did not come to the deployment:\n${done.stdout}\n${done.stderr}`)
  return found
}

function measured(events: readonly RunEvent[], tier: 'install' | 'upgrade'): Measured | null {
  const begun = events.find((event) => event.type === 'operation.started' && event.tier === tier)
  const decided = events.find(
    (event) => event.type === 'check' && event.tier === tier && (event.outcome !== 'pass' || event.id === 'converged'),
  )
  if (!begun || decided?.type !== 'check') return null
  const at = Date.parse(decided.at)
  const signs = (decided.cause?.lines ?? []).map((line) =>
    Date.parse(`${/^task .* at (\d{4}-\S+?\d)(?::? |:?$)/.exec(line)?.[1]}Z`),
  )
  const sign = Math.max(...signs.filter(Number.isFinite))
  return {
    verdict: decided.cause ? `${decided.cause.code} (${decided.cause.blame})` : 'ok',
    seconds: (at - Date.parse(begun.at)) / 1000,
    afterSign: Number.isFinite(sign) ? (at - sign) / 1000 : null,
  }
}

async function compare(planted: Planted): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-bench-'))
  try {
    const [ours, theirs] = [join(dir, 'ours', planted.recipe), join(dir, 'theirs', planted.recipe)]
    await plant(planted, ours)
    cpSync(ours, theirs, { recursive: true })
    const [mine, plain] = await Promise.all([
      withCcCi(planted, ours, join(dir, 'state')),
      plainDeploy({ dir: theirs, upgrade: planted.upgrade ?? false, timeoutMs: PLAIN_DEADLINE_MS }),
    ])
    return row(planted.cause, mine, plain)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function row(cause: string, mine: Measured, plain: PlainResult): string {
  const sign = mine.afterSign === null ? '–' : `${mine.afterSign.toFixed(1)} s`
  const ratio = `${(plain.seconds / mine.seconds).toFixed(1)} x`
  const cells = [
    cause,
    mine.verdict,
    `${mine.seconds.toFixed(1)} s`,
    sign,
    plain.verdict,
    `${plain.seconds.toFixed(1)} s`,
    ratio,
  ]
  return `| ${cells.join(' | ')} |`
}

const [write, chosen] = [
  process.argv.includes('--write'),
  process.argv.slice(2).filter((word) => !word.startsWith('--')),
]
const lines = [
  '| fault | cc-ci says | within | of that after the sign that decides | the plain script says | within | times as long |',
  '|---|---|---|---|---|---|---|',
]
process.stdout.write(`${lines.join('\n')}\n`)
for (const planted of PLANTED.filter(({ cause }) => chosen.length === 0 || chosen.includes(cause))) {
  const line = await compare(planted)
  lines.push(line)
  process.stdout.write(`${line}\n`)
}
if (write) {
  const about = `Seconds from the deployment to the verdict, written by \`scripts/bench/time-to-verdict.ts\`: cc-ci beside a plain script (\`docker stack deploy\`, then
\`docker service ls\` every second until all services show n/n for 5 s, or ${PLAIN_DEADLINE_MS / 1000} s are over), on the same planted recipes at the same time. The sign that
decides is the last one that the cause goes by: the end, the refusal or the failing of the last task. Times move with the machine (here ${availableParallelism()} processors under a
load of ${Math.round(loadavg()[1] ?? 0)}); compare within a row.`
  writeFileSync(PAGE, `# Time to the verdict\n\n${about}\n\n${lines.join('\n')}\n`)
}

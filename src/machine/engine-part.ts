import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertSameMachine, assertSocketShared } from '../edge/own-container.ts'
import { PERMISSION_HINT } from '../engine/connection.ts'
import { tryDocker } from '../engine/docker-cli.ts'
import { dockerContext } from '../engine/docker-context.ts'
import { engineHost, engineRootless, isRootless } from '../engine/endpoint.ts'
import { waitFor } from '../lib/async/wait.ts'
import { InfraError } from '../lib/errors.ts'
import { startDaemon } from '../lib/process/daemon.ts'
import { execOk, inheritedEnv } from '../lib/process/exec.ts'
import { installEngine, mayInstall, whichProgram } from './packages.ts'
import { impossible, type MachinePart, missing, ok, type PartState, type RepairContext } from './part.ts'
import { dropRecord, machineFolder, readMachineRecord, writeMachineRecord } from './records.ts'
import { dropStalePidFiles } from './stale-pid.ts'

const START_DEADLINE_MS = 5 * 60_000

/** An engine that answers. Where none does, and nobody else looks after one, cc-ci starts dockerd itself. */
export const enginePart: MachinePart = {
  id: 'engine',
  title: 'Docker engine',
  action: 'start the Docker engine (installed first where only the docker program is there)',
  needs: ['packages'],
  remedy:
    'Install and start Docker (https://docs.docker.com/engine/install/), or set DOCKER_HOST to an engine you may use.',
  inspect: inspectEngine,
  repair: startEngine,
}

async function inspectEngine(): Promise<PartState> {
  if (whichProgram('docker') === null)
    return mayInstall().may ? missing('no docker program') : impossible('no docker program')
  const elsewhere = await refusalOf(assertSameMachine)
  if (elsewhere) return elsewhere
  const answer = await tryDocker(['version', '--format', '{{.Server.Version}} (API {{.Server.APIVersion}})'])
  if (answer.exitCode === 0) {
    return (
      (await refusalOf(assertSocketShared)) ?? (await refusalOf(assertRootful)) ?? ok(`engine ${answer.stdout.trim()}`)
    )
  }
  const words = answer.stderr.trim().split('\n').at(-1) ?? ''
  if (/permission denied/i.test(words)) return impossible('the engine refuses you', PERMISSION_HINT)
  if (process.env.DOCKER_HOST || dockerContext()) return impossible(`no engine answers at ${engineHost()}`)
  return process.getuid?.() === 0
    ? missing('no engine answers')
    : impossible('no engine answers, and only root may start one')
}

async function assertRootful(): Promise<void> {
  const { stdout } = await tryDocker(['info', '--format', '{{join .SecurityOptions "\\n"}}'])
  if (isRootless(stdout.split('\n'))) throw engineRootless()
}

/** What an engine that answers cannot be used for; null: nothing. */
async function refusalOf(check: () => Promise<void>): Promise<PartState | null> {
  try {
    await check()
    return null
  } catch (error) {
    if (!(error instanceof InfraError)) throw error
    return impossible(error.message, error.hint)
  }
}

/** Starts dockerd (or, where there is systemd, its unit) and waits until it answers. */
export async function startEngine({ state, log }: Pick<RepairContext, 'state' | 'log'>): Promise<void> {
  if (existsSync('/run/systemd/system'))
    return void (await execOk('systemctl', ['start', 'docker'], { timeoutMs: START_DEADLINE_MS }))
  if (whichProgram('dockerd') === null) {
    log('the docker program is here without an engine: installing docker.io')
    await installEngine()
  }
  const dockerd = whichProgram('dockerd')
  if (!dockerd) throw new InfraError('program-missing', 'no dockerd on this machine', { hint: enginePart.remedy })
  const logFile = join(machineFolder(state), 'dockerd.log')
  // Where no registry can be reached, a task with a local image would wait for it first.
  const env = { ...ownEnvironment(), DOCKER_SERVICE_PREFER_OFFLINE_IMAGE: '1' }
  for (const file of dropStalePidFiles()) log(`removed ${file}: the engine it speaks of is gone`)
  const pid = await startDaemon(dockerd, [], { logFile, env })
  writeMachineRecord(state, 'engine', { pid, startedAt: startOf(pid) ?? '' })
  const result = await waitFor<true, string>(
    async () => {
      if ((await tryDocker(['version', '--format', '{{.Server.Version}}'])).exitCode === 0)
        return { state: 'ready', value: true }
      return startOf(pid)
        ? { state: 'waiting', reason: 'dockerd is starting' }
        : { state: 'impossible', cause: 'dockerd ended' }
    },
    { name: 'the engine to answer', timeoutMs: START_DEADLINE_MS, everyMs: 200 },
  )
  if (result.state === 'ready') return log(`engine started (process ${pid}, log ${logFile})`)
  const words = readFileSync(logFile, 'utf8').trim().split('\n').slice(-6).join('\n')
  throw new InfraError(
    'engine-not-started',
    `${result.state === 'impossible' ? result.cause : 'dockerd does not answer'}:\n${words}`,
  )
}

/** Stops the dockerd that cc-ci started, and no other. True when there was one. */
export async function stopEngine(state: string): Promise<boolean> {
  const record = readMachineRecord(state, 'engine')
  if (!record) return false
  if (startOf(record.pid) === record.startedAt) {
    process.kill(record.pid, 'SIGTERM')
    const gone = await waitFor<true, never>(
      async () =>
        startOf(record.pid) === record.startedAt
          ? { state: 'waiting', reason: 'it is ending' }
          : { state: 'ready', value: true },
      { name: 'dockerd to end', timeoutMs: START_DEADLINE_MS, everyMs: 200 },
    )
    if (gone.state !== 'ready')
      throw new InfraError('engine-not-stopped', `dockerd (process ${record.pid}) does not end`)
  }
  dropRecord(state, 'engine')
  return true
}

/** Whether the dockerd that cc-ci started still runs. */
export function ownEngineRuns(state: string): boolean {
  const record = readMachineRecord(state, 'engine')
  return record !== null && startOf(record.pid) === record.startedAt
}

/** Kernel time at which a process began: with its id it names the process for good. Null when it is gone or only a zombie. */
export function startOf(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    // No such process.
    return null
  }
}

/**
 * The engine pulls images: it needs the proxy and certificate settings of whoever starts it. It outlives them: by the mark of a run
 * (CC_CI_RUN) it would be taken for one of that run's processes and killed with them.
 */
function ownEnvironment(): Record<string, string> {
  const proxies = Object.entries(process.env).filter(
    (entry): entry is [string, string] => /^(https?|no)_proxy$/i.test(entry[0]) && entry[1] !== undefined,
  )
  const inherited = Object.entries(inheritedEnv()).filter(([name]) => !name.startsWith('CC_CI_'))
  return { ...Object.fromEntries(inherited), ...Object.fromEntries(proxies) }
}

// cspell:ignore cmdline setpriv pdeathsig nsenter rbind procs
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { InfraError, UsageError } from '../../../src/lib/errors.ts'
import { startDaemon } from '../../../src/lib/process/daemon.ts'
import { exec, wholeEnv } from '../../../src/lib/process/exec.ts'
import { type EngineBounds, enclose } from './bounds.ts'

/** A test engine in namespaces of its own: everything of it is below `dir`, in its processes, and in one cgroup. */
export interface TestEngine {
  readonly dir: string
  /** Of its first process: when that ends, the kernel ends all others. */
  readonly pid: number
  readonly socket: string
  /** Files to write `0` to, for a process that is to count against its bounds. */
  readonly cgroups: readonly string[]
}

export interface StartOptions {
  readonly dir: string
  /** Folder with dockerd and runc. Default: those of this machine. */
  readonly binaries?: string
  /** It ends with the process that started it, however that ends. Default: it stays until `stopEngine`. */
  readonly withMe?: boolean
  /** Default: none. */
  readonly bounds?: EngineBounds
  /** Joins its network to others once its first process is there; until then its engine does not start. Default: a network of its own, with no way out. */
  readonly connect?: (pid: number) => Promise<void>
  /** More for dockerd. */
  readonly arguments?: readonly string[]
  /** Starts the engine of this folder once more, with what it holds: its processes ended without it (a machine after a loss of power). */
  readonly again?: boolean
}

const START_DEADLINE_MS = 60_000
/** Name of the link that `connect` gives to an engine's network. */
export const UPLINK = 'uplink'
const STOP_DEADLINE_MS = 20_000
/** The socket below it must fit into an address of 108 bytes. */
const LONGEST_DIR = 80

/** Starts it and waits until it answers. Throws InfraError `engine-not-started` with its last words, and leaves nothing then. */
export async function startEngine({
  dir: at,
  binaries,
  withMe = false,
  bounds,
  connect,
  again = false,
  arguments: more = [],
}: StartOptions): Promise<TestEngine> {
  const dir = resolve(at)
  if (dir.length > LONGEST_DIR)
    throw new UsageError('path-too-long', `${dir} is too long for the name of a socket in it`)
  if (again) await endProcesses(dir)
  else if (existsSync(dir)) throw new UsageError('engine-exists', `${dir} exists: take down the engine in it first`)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  try {
    const unshare = ['unshare', '--net', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child']
    const mounts = ['--mount-proc', '--propagation', 'private']
    const inside = ['sh', join(import.meta.dirname, 'inside.sh'), dir, `/${cgroupOf(dir)}`, ...more]
    const [file = '', ...args] = [
      ...(withMe ? ['setpriv', '--pdeathsig', 'KILL'] : []),
      ...unshare,
      ...mounts,
      ...inside,
    ]
    const enclosure = bounds && (await enclose(dir, cgroupOf(dir), bounds))
    const env = {
      ...wholeEnv(),
      ...(enclosure ? { ENGINE_CGROUPS: enclosure.cgroups.join(' '), ENGINE_DISK: enclosure.disk } : {}),
      ...(binaries ? { PATH: `${binaries}:${process.env.PATH}` } : {}),
      ...(connect ? { ENGINE_UPLINK: UPLINK } : {}),
      // Where no registry can be reached, a task with a local image would wait for it first.
      DOCKER_SERVICE_PREFER_OFFLINE_IMAGE: '1',
    }
    const outer = await startDaemon(file, args, { logFile: join(dir, 'dockerd.log'), env })
    writeFileSync(join(dir, 'outer.pid'), `${outer}\n`)
    if (connect) await connect(await firstProcess(outer))
    return await answering(dir, outer, enclosure?.cgroups)
  } catch (error) {
    const words = lastWords(dir)
    if (again) await endProcesses(dir)
    else await stopEngine(dir)
    throw new InfraError('engine-not-started', `the test engine did not start:\n${words}`, { cause: error })
  }
}

/** The engine that runs in `dir`. Throws UsageError `no-engine`. */
export function engineIn(at: string): TestEngine {
  const dir = resolve(at)
  const file = join(dir, 'engine.json')
  if (!existsSync(file)) throw new UsageError('no-engine', `no test engine runs in ${dir}`)
  const { pid, cgroups } = z
    .object({ pid: z.number(), cgroups: z.array(z.string()) })
    .parse(JSON.parse(readFileSync(file, 'utf8')))
  return { dir, pid, socket: join(dir, 'engine.sock'), cgroups }
}

/** Ends it and removes all of it. Safe to repeat, after a crash, and after a start that was interrupted. */
export async function stopEngine(at: string): Promise<void> {
  const dir = resolve(at)
  await endProcesses(dir)
  await rm(dir, { recursive: true, force: true })
}

/** As a loss of power would: everything of it ends at once, and what it keeps on its disk stays. */
export async function endProcesses(dir: string): Promise<void> {
  for (const pid of processesOf(dir)) kill(pid)
  const gone = await waitFor<true, never>(
    async () => {
      const left = processesOf(dir)
      return left.length === 0 && removeCgroups(cgroupOf(dir))
        ? { state: 'ready', value: true }
        : { state: 'waiting', reason: `processes ${left.join(', ')}` }
    },
    { name: 'the test engine to end', timeoutMs: STOP_DEADLINE_MS, everyMs: 50 },
  )
  if (gone.state !== 'ready') throw new InfraError('engine-not-stopped', `the test engine in ${dir} does not end`)
}

/** Removes what engines left that ended with the process that started them. */
export async function sweepEngines(parent: string, prefix: string): Promise<void> {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(prefix))) {
    if (processesOf(join(parent, name)).length === 0) await stopEngine(join(parent, name))
  }
}

/** Turns a command into one in the engine's network, where its published ports are, that talks to it and has a state of its own. */
export function within({ pid, socket, dir }: TestEngine, command: readonly string[]): readonly string[] {
  const env = [`DOCKER_HOST=unix://${socket}`, `CC_CI_STATE=${join(dir, 'state')}`]
  return ['nsenter', `--net=/proc/${pid}/ns/net`, 'env', '--unset=CC_CI_EDGE', ...env, ...command]
}

/** The same, with the command in all of the engine's namespaces and bounds: it ends with them. */
export function enclosed({ pid, socket, cgroups }: TestEngine, command: readonly string[]): readonly string[] {
  const enter = 'for procs in $0; do echo 0 > "$procs"; done; exec "$@"'
  const namespaces = ['--net', '--mount', '--ipc', '--uts', '--pid']
  return [
    ...['sh', '-c', enter, cgroups.join(' '), 'nsenter', '--target', String(pid), ...namespaces],
    ...['env', '--unset=CC_CI_EDGE', `DOCKER_HOST=unix://${socket}`, ...command],
  ]
}

/** Of the namespaces, as soon as it is there. */
async function firstProcess(outer: number): Promise<number> {
  const there = await waitFor<number, string>(
    async () => {
      const [pid] = childrenOf(outer)
      if (pid !== undefined) return { state: 'ready', value: pid }
      return existsSync(`/proc/${outer}`)
        ? { state: 'waiting', reason: 'not yet' }
        : { state: 'impossible', cause: 'it ended' }
    },
    { name: 'the namespaces of a test engine', timeoutMs: START_DEADLINE_MS, everyMs: 20 },
  )
  if (there.state === 'ready') return there.value
  throw new InfraError('engine-not-started', `no namespaces: ${there.state}`)
}

async function answering(dir: string, outer: number, cgroups: readonly string[] = []): Promise<TestEngine> {
  const socket = join(dir, 'engine.sock')
  const up = await waitFor<number, string>(
    async () => {
      const [pid] = childrenOf(outer)
      if (pid === undefined && !existsSync(`/proc/${outer}`)) return { state: 'impossible', cause: 'it ended' }
      const version = ['--host', `unix://${socket}`, 'version', '--format', '{{.Server.Version}}']
      const { exitCode } = await exec('docker', version, { timeoutMs: 5000 })
      if (exitCode === 0 && pid !== undefined) return { state: 'ready', value: pid }
      return { state: 'waiting', reason: 'it is starting' }
    },
    { name: 'the test engine to answer', timeoutMs: START_DEADLINE_MS, everyMs: 100 },
  )
  if (up.state !== 'ready') throw new InfraError('engine-not-started', `no answer: ${up.state}`)
  writeFileSync(join(dir, 'engine.json'), `${JSON.stringify({ pid: up.value, cgroups })}\n`)
  return { dir, pid: up.value, socket, cgroups }
}

/**
 * The processes that hold this engine: those whose arguments name `inside.sh DIR`. Found by that and by no file, because an interrupted start
 * may not have written one, and process ids are used again.
 */
function processesOf(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const argv = read(`/proc/${pid}/cmdline`).split('\0')
      return argv.some((word, i) => word.endsWith('/engine-29/inside.sh') && argv[i + 1] === dir)
    })
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

function cgroupOf(dir: string): string {
  return `cc-ci-${basename(dir)}`
}

/** True when none is left; one is busy until its last process is reaped. */
function removeCgroups(name: string): boolean {
  const root = '/sys/fs/cgroup'
  const places = [join(root, name), ...readdirSync(root).map((controller) => join(root, controller, name))]
  const all = places.filter(existsSync)
  for (const place of all) removeTree(place)
  return !all.some(existsSync)
}

function removeTree(cgroup: string): void {
  for (const entry of readdirSync(cgroup, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(cgroup, entry.name))
  try {
    rmdirSync(cgroup)
  } catch {
    // Still busy: whoever waits looks again.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

function lastWords(dir: string): string {
  return read(join(dir, 'dockerd.log')).trim().split('\n').slice(-8).join('\n')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // A process ends while it is looked at; a log may not be there yet.
    return ''
  }
}

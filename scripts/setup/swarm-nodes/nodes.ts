// cspell:ignore pdeathsig veth nsenter cmdline netns
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { InfraError, UsageError } from '../../../src/lib/errors.ts'
import { startDaemon } from '../../../src/lib/process/daemon.ts'
import { execOk, wholeEnv } from '../../../src/lib/process/exec.ts'
import { copyImages } from '../engine-29/images.ts'
import { endProcesses, engineIn, startEngine, stopEngine, type TestEngine, UPLINK } from '../engine-29/namespaces.ts'

/**
 * A Swarm of several nodes on one machine, for tests: each node is an engine in namespaces of its own (see `engine-29/namespaces.ts`), its network joined
 * to those of the others by a bridge that is in namespaces of its own too: in those of a node, the firewall of its engine would stop what the others say to
 * each other. Node 1 manages the Swarm.
 */
export interface TestSwarm {
  readonly dir: string
  /** `n1`, `n2`, ... */
  readonly nodes: readonly TestEngine[]
}

export interface SwarmOptions {
  readonly dir: string
  readonly count: number
  /** Folder with dockerd and runc. Default: those of this machine. */
  readonly binaries?: string
  /** It ends with the process that started it, however that ends. Default: it stays until `stopSwarm`. */
  readonly withMe?: boolean
  /** Beginnings of references; those images of this machine's engine are copied to node 1, or to all nodes. */
  readonly images?: { readonly first?: readonly string[]; readonly all?: readonly string[] }
}

/** From a range that is nobody's (RFC 2544), so that no engine gives addresses of it to its networks. */
const NET = '198.18.77'
const CALL_MS = 60_000
/** A node is Down after three of these. */
const HEARTBEAT = '1s'

/** Starts it, and leaves nothing where that fails. */
export async function startSwarm(options: SwarmOptions): Promise<TestSwarm> {
  const dir = resolve(options.dir)
  if (existsSync(dir)) throw new UsageError('swarm-exists', `${dir} exists: take down the Swarm in it first`)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  try {
    const hub = await startHub(dir, options.withMe ?? false)
    const numbers = Array.from({ length: options.count }, (_, index) => index + 1)
    const nodes = await Promise.all(numbers.map((number) => startNode(dir, number, hub, options)))
    const [first, ...others] = nodes
    if (!first) throw new UsageError('swarm-empty', 'a Swarm has at least one node')
    await docker(first, ['swarm', 'init', ...listening(1), '--dispatcher-heartbeat', HEARTBEAT])
    const token = (await docker(first, ['swarm', 'join-token', '--quiet', 'worker'])).trim()
    const join = (index: number) => ['swarm', 'join', '--token', token, ...listening(index + 2), `${address(1)}:2377`]
    await Promise.all(others.map((node, index) => docker(node, join(index))))
    const { first: toFirst = [], all: toAll = [] } = options.images ?? {}
    await copyImages(first, [...toFirst, ...toAll])
    if (toAll.length > 0) for (const node of others) await copyImages(node, toAll)
    return { dir, nodes }
  } catch (error) {
    await stopSwarm(dir)
    throw error
  }
}

/** The Swarm that runs in `dir`. Throws UsageError `no-engine`. */
export function swarmIn(at: string): TestSwarm {
  const dir = resolve(at)
  const names = readdirSync(dir)
    .filter((name) => /^n\d+$/.test(name))
    .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))
  return { dir, nodes: names.map((name) => engineIn(nodeDir(dir, name))) }
}

/** A loss of power: everything on the node ends at once, what is on its disk stays. */
export function crashNode({ dir }: TestSwarm, number: number): Promise<void> {
  return endProcesses(nodeDir(dir, `n${number}`))
}

/** The node comes back with what is on its disk. */
export async function returnNode(
  { dir }: TestSwarm,
  number: number,
  options: Partial<SwarmOptions> = {},
): Promise<void> {
  const hub = hubOf(dir)
  await startNode(dir, number, hub, { ...options, again: true })
}

/** Ends it and leaves nothing. Safe to repeat, after a crash, and after a start that was interrupted. */
export async function stopSwarm(at: string): Promise<void> {
  const dir = resolve(at)
  if (!existsSync(dir)) return
  for (const name of readdirSync(dir).filter((entry) => /^n\d+$/.test(entry))) await stopEngine(nodeDir(dir, name))
  for (const pid of hubProcesses(dir)) process.kill(pid, 'SIGKILL')
  await rm(dir, { recursive: true, force: true })
}

/** Turns a command into one in the network of node 1, that talks to its engine, knows those of the others, and has a state of its own. */
export function onFirst({ dir, nodes }: TestSwarm, command: readonly string[]): readonly string[] {
  const [first] = nodes
  if (!first) throw new UsageError('swarm-empty', 'a Swarm has at least one node')
  const endpoints = nodes.slice(1).map(({ socket }, index) => `n${index + 2}=unix://${socket}`)
  const env = [
    `DOCKER_HOST=unix://${first.socket}`,
    `CC_CI_NODES=${endpoints.join(',')}`,
    `CC_CI_STATE=${join(dir, 'state')}`,
  ]
  return ['nsenter', `--net=/proc/${first.pid}/ns/net`, 'env', '--unset=CC_CI_EDGE', ...env, ...command]
}

/** The docker CLI on the engine of a node. Throws InfraError `program-failed`. */
export async function docker({ socket }: TestEngine, args: readonly string[]): Promise<string> {
  return (await execOk('docker', ['--host', `unix://${socket}`, ...args], { timeoutMs: CALL_MS })).stdout
}

function startNode(
  dir: string,
  number: number,
  hub: number,
  { binaries, withMe, again }: Partial<SwarmOptions> & { readonly again?: boolean },
): Promise<TestEngine> {
  return startEngine({
    dir: nodeDir(dir, `n${number}`),
    ...(binaries ? { binaries } : {}),
    ...{ withMe, again },
    // No name server answers there, and the engine says nothing then: MariaDB asks for the name of each client, and would keep it waiting for 10 s.
    arguments: ['--label', `node=n${number}`, '--dns-opt', 'timeout:1', '--dns-opt', 'attempts:1'],
    connect: (pid) => connect(number, pid, hub),
  })
}

/** The name of its folder is that of its cgroup, which is the machine's. */
function nodeDir(dir: string, name: string): string {
  return join(dir, name)
}

async function connect(number: number, pid: number, hub: number): Promise<void> {
  const port = `n${number}`
  await ip(hub, ['link', 'add', port, 'type', 'veth', 'peer', 'name', UPLINK, 'netns', String(pid)])
  await ip(hub, ['link', 'set', port, 'master', 'hub', 'up'])
  await within(pid, ['hostname', port], ['--uts'])
  await ip(pid, ['link', 'set', UPLINK, 'up'])
  await ip(pid, ['address', 'add', `${address(number)}/24`, 'dev', UPLINK])
}

/** A process in a network of its own, with the bridge. Gives its process id. */
async function startHub(dir: string, withMe: boolean): Promise<number> {
  const [file = '', ...args] = [
    ...(withMe ? ['setpriv', '--pdeathsig', 'KILL'] : []),
    ...['unshare', '--net', 'sh', join(import.meta.dirname, 'hub.sh'), dir],
  ]
  const pid = await startDaemon(file, args, { logFile: join(dir, 'hub.log'), env: wholeEnv() })
  writeFileSync(join(dir, 'hub.json'), `${JSON.stringify({ pid })}\n`)
  const up = await waitFor<true, never>(
    async () =>
      existsSync(join(dir, 'hub.up')) ? { state: 'ready', value: true } : { state: 'waiting', reason: 'no bridge yet' },
    { name: 'the bridge between the nodes', timeoutMs: CALL_MS, everyMs: 20 },
  )
  if (up.state === 'ready') return pid
  throw new InfraError('engine-not-started', readFileSync(join(dir, 'hub.log'), 'utf8'))
}

function hubOf(dir: string): number {
  return z.object({ pid: z.number() }).parse(JSON.parse(readFileSync(join(dir, 'hub.json'), 'utf8'))).pid
}

/** Those whose arguments name `hub.sh DIR`: process ids are used again. */
function hubProcesses(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return argv.some((word, i) => basename(word) === 'hub.sh' && argv[i + 1] === dir)
      } catch {
        // It ended meanwhile.
        return false
      }
    })
    .map(Number)
}

function ip(pid: number, args: readonly string[]): Promise<void> {
  return within(pid, ['ip', ...args], ['--net'])
}

async function within(pid: number, command: readonly string[], namespaces: readonly string[]): Promise<void> {
  await execOk('nsenter', ['--target', String(pid), ...namespaces, ...command], { timeoutMs: CALL_MS })
}

function address(number: number): string {
  return `${NET}.${10 + number}`
}

function listening(number: number): readonly string[] {
  const own = address(number)
  return ['--advertise-addr', own, '--listen-addr', `${own}:2377`, '--data-path-addr', own]
}

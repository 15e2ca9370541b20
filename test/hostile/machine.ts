// cspell:ignore bfree
import { globSync, readFileSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ensureEngine29 } from '../../scripts/setup/engine-29/build.ts'
import { copyImages } from '../../scripts/setup/engine-29/images.ts'
import {
  enclosed,
  startEngine,
  stopEngine,
  sweepEngines,
  type TestEngine,
} from '../../scripts/setup/engine-29/namespaces.ts'
import { randomId } from '../../src/lib/ids.ts'
import { type ExecResult, exec, execOk, wholeEnv } from '../../src/lib/process/exec.ts'

const MINUTE = 60_000
const GIB = 1024 ** 3
const LAUNCHER = new URL('../../bin/cc-ci', import.meta.url).pathname
/** Short, and on a disk: sockets have short names. */
const PARENT = '/var/tmp'
const PREFIX = 'cc-ci-small-'
/** Of all that is in its namespaces together: engine, containers, cc-ci and its browsers. */
const BOUNDS = { memoryBytes: 6 * GIB, diskBytes: 8 * GIB, processes: 14_000 } as const
/** What runs need here; no registry is in reach. */
const IMAGES = ['cc-ci/toolbox', 'cc-ci/traefik', 'cc-ci/browser', 'cc-ci-fixtures/busybox']
/** Large, and only some cases need it. */
const SANDBOX = ['cc-ci/sandbox']
const LISTS = [
  ['service', 'ls', '--format', 'service {{.Name}}'],
  ['container', 'ls', '--all', '--format', 'container {{.Names}}'],
  ['network', 'ls', '--format', 'network {{.Name}}'],
  ['volume', 'ls', '--format', 'volume {{.Name}}'],
  ['secret', 'ls', '--format', 'secret {{.Name}}'],
  ['config', 'ls', '--format', 'config {{.Name}}'],
]

/** What the machine holds at one moment. */
export interface Holdings {
  readonly diskBytes: number
  /** Of programs; what the kernel holds to be quick is not among it. */
  readonly memoryBytes: number
  readonly processes: number
  /** Everything on the engine that has a name, but for images: what a run needs is built or named again there. */
  readonly things: readonly string[]
}

/** A machine that can be hurt: an engine in namespaces, with a disk, memory and processes that are bounded. */
export class SmallMachine {
  readonly engine: TestEngine
  /** Folder on its own disk; `seenFromOutside` is how we see it. */
  readonly work: string
  readonly #logs = new Map<string, number>()
  readonly #watch: NodeJS.Timeout

  private constructor(engine: TestEngine) {
    this.engine = engine
    this.work = join(engine.dir, 'data', 'work')
    this.#watch = setInterval(() => this.#lookAtLogs(), 1000)
  }

  /** Up to its edge: a machine on which runs can begin. */
  static async start(): Promise<SmallMachine> {
    await sweepEngines(PARENT, PREFIX)
    const dir = join(PARENT, `${PREFIX}${randomId(6)}`)
    const binaries = await ensureEngine29(() => undefined)
    const machine = new SmallMachine(await startEngine({ dir, binaries, withMe: true, bounds: BOUNDS }))
    try {
      await copyImages(machine.engine, IMAGES)
      const up = await machine.ccCi(['engine', 'up', '--state', machine.work], { timeoutMs: 10 * MINUTE })
      if (up.exitCode !== 0) throw new Error(`no machine: ${up.stdout}${up.stderr}`)
      return machine
    } catch (error) {
      await machine.stop()
      throw error
    }
  }

  /** Brings the image in which code of recipes runs. */
  async withSandbox(): Promise<void> {
    await copyImages(this.engine, SANDBOX)
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch)
    await stopEngine(this.engine.dir)
  }

  /** The real command line on this machine, within its bounds. */
  ccCi(
    args: readonly string[],
    { timeoutMs, env = {} }: { timeoutMs: number; env?: Readonly<Record<string, string>> },
  ): Promise<ExecResult> {
    const [file = '', ...rest] = enclosed(this.engine, [LAUNCHER, ...args])
    return exec(file, rest, { timeoutMs, graceMs: MINUTE, env: { ...wholeEnv(), NO_COLOR: '1', ...env } })
  }

  docker(args: readonly string[]): Promise<ExecResult> {
    return execOk('docker', ['--host', `unix://${this.engine.socket}`, ...args], { timeoutMs: 5 * MINUTE })
  }

  seenFromOutside(path: string): string {
    return `/proc/${this.engine.pid}/root${path}`
  }

  async holdings(): Promise<Holdings> {
    const { blocks, bfree, bsize } = await statfs(this.seenFromOutside(join(this.engine.dir, 'data')))
    const lists = await Promise.all(LISTS.map((list) => this.docker(list)))
    const things = lists.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean))
    return {
      diskBytes: (blocks - bfree) * bsize,
      memoryBytes: this.#programsHold(),
      processes: Number(this.#cgroupFile('pids', 'pids.current')),
      things: things.sort(),
    }
  }

  /** The most that the engine kept of the log of any one container of stacks whose name begins so. */
  mostLogOf(stack: string): number {
    const sizes = [...this.#logs].filter(([name]) => name.startsWith(`/${stack}-`)).map(([, bytes]) => bytes)
    return Math.max(0, ...sizes)
  }

  #lookAtLogs(): void {
    const containers = this.seenFromOutside(join(this.engine.dir, 'data', 'containers'))
    for (const file of globSync('*/config.v2.json', { cwd: containers })) {
      try {
        const name = /"Name":"(\/[^"]+)"/.exec(readFileSync(join(containers, file), 'utf8'))?.[1] ?? ''
        const logs = globSync(`${dirname(file)}/*-json.log*`, { cwd: containers })
        const bytes = logs.reduce((sum, log) => sum + statSync(join(containers, log)).size, 0)
        this.#logs.set(name, Math.max(bytes, this.#logs.get(name) ?? 0))
      } catch {
        // A container goes while it is looked at.
      }
    }
  }

  #programsHold(): number {
    const stat = this.#cgroupFile('memory', 'memory.stat')
    return Number(/^(?:total_rss|anon) (\d+)$/m.exec(stat)?.[1] ?? 0)
  }

  /** Of the whole machine: of the group that holds all others. */
  #cgroupFile(controller: string, file: string): string {
    const [any = ''] = this.engine.cgroups.filter((path) => path.includes(`/${controller}/`))
    return readFileSync(join(any ? dirname(any) : dirname(dirname(this.engine.cgroups[0] ?? '')), file), 'utf8')
  }
}

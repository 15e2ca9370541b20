import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { within } from '../../scripts/setup/engine-29/namespaces.ts'
import { parseResults } from '../../src/verdict/results.ts'
import type { SmallMachine } from './machine.ts'

/** Ends its run's id, and so the first part of its host. */
const ID = '20260101-000000-victim'
/** What hostile recipes want to be asked for. */
export const VICTIM = 'neighbour-victim.ci.test'
const TEXT = 'A tiny app'

/** An app that is there all the time, and who asks it all the time. */
export class Neighbour {
  /** When it answered, in epoch ms. */
  readonly good: number[] = []
  /** Answers for its host that were not its own. */
  readonly strange: string[] = []
  missed = 0
  readonly #stop: () => void

  private constructor(stop: () => void) {
    this.#stop = stop
  }

  static async moveIn(machine: SmallMachine): Promise<Neighbour> {
    const { dir } = await buildRecipe('healthy', join(machine.engine.dir, 'recipes', 'neighbour'))
    const state = join(machine.work, 'neighbour.state')
    const command = ['test', dir, '--only', 'install', '--keep', '--run-id', ID, '--state', state, '--json', '-']
    const { stdout, stderr } = await machine.ccCi(command, { timeoutMs: 600_000 })
    const results = parseResults(JSON.parse(stdout))
    if (results.verdict !== 'pass' || results.run.domain !== VICTIM)
      throw new Error(`no neighbour at ${results.run.domain}: ${stderr}`)
    const ports = ['port', 'cc-ci-edge', '443/tcp']
    const port = (await machine.docker(ports)).stdout.trim().split(':').at(-1) ?? ''
    const probe = join(import.meta.dirname, 'probe.ts')
    const [file = '', ...args] = within(machine.engine, [
      ...[process.execPath, '--disable-warning=ExperimentalWarning', probe],
      ...[VICTIM, port, TEXT, machine.engine.socket],
    ])
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const neighbour = new Neighbour(() => child.kill('SIGKILL'))
    createInterface({ input: child.stdout }).on('line', (line) => neighbour.#note(line))
    return neighbour
  }

  moveOut(): void {
    this.#stop()
  }

  /** The longest time without a good answer, in ms, up to `until`. */
  longestSilence(until: number): number {
    const gaps = [...this.good.slice(1), until].map((at, i) => at - (this.good[i] ?? at))
    return Math.max(0, ...gaps)
  }

  #note(line: string): void {
    if (line.startsWith('good ')) this.good.push(Date.now())
    else if (line.startsWith('strange ')) this.strange.push(line)
    else this.missed += 1
  }
}

import { containersOf } from '../../engine/ledger.ts'
import { processorWaits } from '../../lib/process/processor-waits.ts'
import type { MachineState } from '../../verdict/events.ts'
import type { RunContext } from '../context.ts'
import { machineNow } from '../judging/machine-now.ts'
import { timeLimitOf } from '../judging/time-limit.ts'
import type { CustomRow } from '../test-rows.ts'
import { reportMessage } from './report-message.ts'

type Watched = Pick<RunContext, 'host' | 'plan' | 'folder'>
type Test = Pick<CustomRow, 'side' | 'file' | 'title'>

/** How long each container had waited for processors at a moment. */
interface Sample {
  /** On the clock of `performance.now()`, in ms. */
  readonly at: number
  readonly waits: ReadonlyMap<string, number>
}

const EVERY_MS = 500
/** Half an hour of them: of a longer limit its last half hour counts. */
const MOST_SAMPLES = 3600

/** What the machine had for each test that fails, asked when the program reports its end: afterwards others are on its processors. */
export class TestMachine implements Disposable {
  readonly #context: Watched
  readonly #states = new Map<string, MachineState>()
  /** Of the app and of its tests when these began; what comes later has waited since then. */
  readonly #containers: readonly string[]
  readonly #samples: Sample[] = []
  readonly #timer: NodeJS.Timeout

  private constructor(context: Watched, containers: readonly string[]) {
    this.#context = context
    this.#containers = containers
    this.#look()
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref()
  }

  static async begin(context: Watched): Promise<TestMachine> {
    return new TestMachine(context, await runningOf(context))
  }

  /** Takes a message of the program: a stranger's data. */
  async heard(raw: unknown): Promise<void> {
    const { data: message } = reportMessage.safeParse(raw)
    if (message?.kind !== 'test' || message.status !== 'failed') return
    const limitMs = timeLimitOf(message.error)
    const waitedMs = limitMs === null ? null : await this.#waitedWithin(limitMs)
    this.#states.set(keyOf(message), {
      ...machineNow(this.#context.folder.dir),
      ...(waitedMs === null ? {} : { waitedMs }),
    })
  }

  /** Of a test whose end was not reported: what there is now. */
  of(test: Test): MachineState {
    return this.#states.get(keyOf(test)) ?? machineNow(this.#context.folder.dir)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const waits = processorWaits(this.#containers)
    if (waits === null) return
    this.#samples.push({ at: performance.now(), waits })
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift()
  }

  /** Within the last so many ms. A request goes through several containers, one after another: what each has waited is added up. Null: not known. */
  async #waitedWithin(ms: number): Promise<number | null> {
    const from = performance.now() - ms
    const end = processorWaits(await runningOf(this.#context))
    const start = this.#samples.findLast(({ at }) => at <= from) ?? this.#samples[0]
    if (end === null || start === undefined) return null
    return Math.round([...end].reduce((sum, [id, total]) => sum + total - (start.waits.get(id) ?? 0), 0))
  }
}

function keyOf({ side, file, title }: Test): string {
  return JSON.stringify([side, file, title])
}

/** Of the app and its dependencies, and what is of cc-ci's own for this run: sandbox, gate, browser. */
async function runningOf({ host, plan }: Watched): Promise<string[]> {
  const found = await containersOf(host.engine, { stack: plan.app.stack, runId: plan.app.runId })
  return found.filter(({ state }) => state === 'running').map(({ id }) => id)
}

import { RUN_LABEL } from '../../engine/client.ts'
import { processorWaits } from '../../lib/process/processor-waits.ts'
import type { MachineState } from '../../verdict/events.ts'
import type { RunContext } from '../context.ts'
import { machineNow } from '../judging/machine-now.ts'
import type { CustomRow } from '../test-rows.ts'
import { reportMessage } from './report-message.ts'

type Waits = ReadonlyMap<string, number> | null
type Watched = Pick<RunContext, 'host' | 'plan' | 'folder'>
type Test = Pick<CustomRow, 'side' | 'file' | 'title'>

/** What the machine had for each test that fails, asked when the program reports its end: afterwards others are on its processors. */
export class TestMachine {
  readonly #context: Watched
  readonly #starts = new Map<string, Waits>()
  readonly #states = new Map<string, MachineState>()
  /** Containers of the app and of its tests when these began; one that comes later has waited during the tests alone. */
  readonly #containers: readonly string[]

  private constructor(context: Watched, containers: readonly string[]) {
    this.#context = context
    this.#containers = containers
  }

  static async begin(context: Watched): Promise<TestMachine> {
    return new TestMachine(context, await containersOf(context))
  }

  /** Takes a message of the program: a stranger's data. */
  async heard(raw: unknown): Promise<void> {
    const { data: message } = reportMessage.safeParse(raw)
    if (message?.kind === 'start') this.#starts.set(keyOf(message), processorWaits(this.#containers))
    if (message?.kind !== 'test' || message.status !== 'failed') return
    const key = keyOf(message)
    const waitedMs = waitedBetween(this.#starts.get(key) ?? null, processorWaits(await containersOf(this.#context)))
    this.#states.set(key, {
      ...machineNow(this.#context.folder.dir),
      ...(waitedMs === null ? {} : { waitedMs }),
    })
  }

  /** Of a test whose end was not reported: what there is now. */
  of(test: Test): MachineState {
    return this.#states.get(keyOf(test)) ?? machineNow(this.#context.folder.dir)
  }
}

function keyOf({ side, file, title }: Test): string {
  return JSON.stringify([side, file, title])
}

/** A request goes through several of them, one after another: what each has waited is added up. Null: not known. */
function waitedBetween(start: Waits, end: Waits): number | null {
  if (start === null || end === null) return null
  return Math.round([...end].reduce((sum, [id, ms]) => sum + ms - (start.get(id) ?? 0), 0))
}

/** Of the app, and what is of cc-ci's own for this run: sandbox, gate, browser. */
async function containersOf({ host, plan }: Watched): Promise<string[]> {
  const { engine } = host
  const [app, own] = await Promise.all([
    engine.containers({ stack: plan.app.stack }),
    engine.home.containers({ labels: [`${RUN_LABEL}=${plan.app.runId}`] }),
  ])
  const running = [...app, ...own].filter(({ state }) => state === 'running')
  return [...new Set(running.map(({ id }) => id))]
}

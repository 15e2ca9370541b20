import { join } from 'node:path'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { messageOf } from '../../src/lib/errors.ts'
import { parseResults } from '../../src/verdict/results.ts'
import type { HostileCases } from './case.ts'
import type { SmallMachine } from './machine.ts'
import { type CaseRun, runCase } from './run-case.ts'

/** A run in which nothing is wrong, beside those of hostile recipes. */
export interface HealthyRun {
  readonly startedAt: number
  readonly endedAt: number
  /** `pass, level 6`, or what it came to instead. */
  readonly cameTo: string
}

/** With the healthy run beside them three at a time: as many as keep two processors busy while each mostly waits. */
const AT_ONCE = 2
const LONGEST_MS = 15 * 60_000

/** All cases, so many at a time, and healthy runs one after the other as long as there are any. */
export class Suite {
  readonly #cases: ReadonlyMap<string, PromiseWithResolvers<CaseRun>>
  readonly #machine: SmallMachine
  readonly #healthy: HealthyRun[] = []
  /** When all has ended. */
  readonly ended: Promise<void>

  constructor(machine: SmallMachine, cases: HostileCases) {
    this.#machine = machine
    this.#cases = new Map(Object.keys(cases).map((name) => [name, Promise.withResolvers<CaseRun>()]))
    const waiting = Object.entries(cases)
    const hostile = Array.from({ length: AT_ONCE }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [name, one] = next
        this.#cases.get(name)?.resolve(await runCase(machine, name, one))
      }
    })
    this.ended = Promise.all([...hostile, this.#beside(() => waiting.length > 0)]).then(() => undefined)
  }

  caseRun(name: string): Promise<CaseRun> | undefined {
    return this.#cases.get(name)?.promise
  }

  /** Once all has ended. */
  get healthy(): readonly HealthyRun[] {
    return this.#healthy
  }

  async #beside(more: () => boolean): Promise<void> {
    const { dir } = await buildRecipe('healthy', join(this.#machine.engine.dir, 'recipes', 'healthy'))
    const state = join(this.#machine.work, 'healthy.state')
    do {
      const startedAt = Date.now()
      const command = ['test', dir, '--state', state, '--json', '-']
      const { stdout, stderr } = await this.#machine.ccCi(command, { timeoutMs: LONGEST_MS })
      this.#healthy.push({ startedAt, endedAt: Date.now(), cameTo: cameTo(stdout, stderr) })
    } while (more())
  }
}

function cameTo(stdout: string, stderr: string): string {
  try {
    const { verdict, level, attempts, tiers } = parseResults(JSON.parse(stdout))
    const causes = tiers.flatMap(({ id, cause }) => (cause ? [`${id}: ${cause.code}: ${cause.message}`] : []))
    const again = attempts ? [`at attempt ${attempts.length + 1}`] : []
    return [verdict, `level ${level}`, ...again, ...causes].join(', ')
  } catch (error) {
    return `no results (${messageOf(error)}):\n${stderr.slice(-3000)}`
  }
}

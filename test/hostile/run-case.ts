import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ActualResult, actualRefusal, actualResult } from '../../src/canaries/actual-result.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { tinyRecipe } from '../../src/canaries/tiny.ts'
import { messageOf } from '../../src/lib/errors.ts'
import { parseResults } from '../../src/verdict/results.ts'
import type { Ends, HostileCase } from './case.ts'
import type { SmallMachine } from './machine.ts'

/** What is judged once: the verdict of a second attempt is no subject here, and takes as long as the first. */
const ARGS = ['--no-repeat']
/** Told by its own tests; here it would hide a run that never ends. */
const HANG_SECONDS = 900

export interface CaseRun {
  readonly startedAt: number
  readonly endedAt: number
  /** All that is other than it must be; empty: it ended well. */
  readonly faults: readonly string[]
}

/** One hostile recipe through the real command line, on the machine. Never throws for what comes of it. */
export async function runCase(machine: SmallMachine, name: string, hostile: HostileCase): Promise<CaseRun> {
  const startedAt = Date.now()
  const faults: string[] = []
  try {
    faults.push(...(await played(machine, name, hostile)))
  } catch (error) {
    faults.push(messageOf(error))
  }
  const endedAt = Date.now()
  const seconds = Math.round((endedAt - startedAt) / 1000)
  if (seconds > hostile.withinSeconds) faults.push(`took ${seconds} s, may take ${hostile.withinSeconds} s`)
  return { startedAt, endedAt, faults }
}

async function played(machine: SmallMachine, name: string, hostile: HostileCase): Promise<string[]> {
  const { base = null, head, only = 'install', args = [], env = {}, ends, plant, faults } = hostile
  const recipe = join(machine.engine.dir, 'recipes', name)
  await buildRepository(tinyRecipe({ name, base, head }), recipe)
  plant?.(recipe)
  const state = join(machine.work, `${name}.state`)
  const command = ['test', recipe, '--only', only, '--state', state, '--json', '-', ...ARGS, ...args]
  const ended = await machine.ccCi(command, { env, timeoutMs: HANG_SECONDS * 1000 })
  const found = foundBy(ended)
  const [run] = runsIn(machine.seenFromOutside(state))
  const after = {
    recipe,
    run: run ?? null,
    logBytes: machine.mostLogOf(name),
  }
  const wrong = [...differences(ends, found), ...(faults?.(after) ?? [])]
  return wrong.length === 0 ? [] : [...wrong, ...ended.stderr.trim().split('\n').slice(-30)]
}

function foundBy({
  stdout,
  stderr,
  exitCode,
}: {
  stdout: string
  stderr: string
  exitCode: number | null
}): ActualResult {
  let answer: { error?: { code: string; blame: string; message: string } }
  try {
    answer = JSON.parse(stdout)
  } catch (error) {
    throw new Error(`no results (exit code ${exitCode}): ${stdout.slice(-500)}\n${stderr.slice(-3000)}`, {
      cause: error,
    })
  }
  return answer.error ? actualRefusal(answer.error, exitCode) : actualResult(parseResults(answer), exitCode)
}

function differences(ends: Ends, found: ActualResult): string[] {
  const { says = [], ...wanted } = { tier: null, cause: null, blame: null, ...ends } as Ends & {
    says?: readonly RegExp[]
  }
  const has: Readonly<Record<string, unknown>> = { ...found }
  const other = Object.entries(wanted)
    .filter(
      ([key, value]) => !(ends.verdict === 'refused' && (key === 'tier' || key === 'blame')) && has[key] !== value,
    )
    .map(([key, value]) => `${key} is ${String(has[key])}, not ${String(value)}`)
  const unsaid = says.filter((words) => !words.test(found.words)).map((words) => `does not say ${words}`)
  const left = found.flags.cleanTeardown ? [] : [`left behind: ${found.leaks.join(', ')}`]
  const wrong = [...other, ...unsaid, ...left]
  return wrong.length === 0 ? [] : [...wrong, `it said: ${found.words}`]
}

function runsIn(state: string): string[] {
  const runs = join(state, 'runs')
  return existsSync(runs) ? readdirSync(runs).map((id) => join(runs, id)) : []
}

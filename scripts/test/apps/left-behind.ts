import type { Results } from '../../../src/verdict/results.ts'
import type { EngineItem } from '../parts/on-engine.ts'

/**
 * What is new on the engine and nobody else's, by name: what says that it belongs to another run or stack is left out. Others may use the machine, and
 * what dependencies share stays on it. Each container of a run has its run or its stack as a label; one without and not named by cc-ci is of a build. `silent`: recipes of which a run told no results: what may be of it is ours.
 */
export function leftBehind(
  before: readonly EngineItem[],
  after: readonly EngineItem[],
  ours: readonly Pick<Results, 'run'>[],
  silent: readonly string[] = [],
): string[] {
  const known = new Set(before.map(({ name }) => name))
  const [runs, stacks] = [new Set(ours.map(({ run }) => run.id)), new Set(ours.map(({ run }) => run.stack))]
  const isOthers = ({ name, run, stack }: EngineItem) => {
    if (/^container (?!cc-ci-)/.test(name) && run === null && stack === null) return true
    if (silent.some((recipe) => stack?.startsWith(`${recipe}-`))) return false
    return run === null ? stack !== null && !stacks.has(stack) : !runs.has(run)
  }
  return after.filter((item) => !known.has(item.name) && !isOthers(item)).map(({ name }) => name)
}

import { formatSize } from '../lib/text/size.ts'
import { environmentShape } from '../verdict/event-shape.ts'
import type { EnvironmentFacts } from '../verdict/events.ts'

/** The environment of a run, as far as any version of cc-ci recorded it; the load is none of it: no two runs have the same. */
export const recordedEnvironment = environmentShape.omit({ load: true })

const GIB = 1024 ** 3

/** The name of the fact that the caller of a run chooses; the others are those of the machine. */
export const RUN_MEMORY = 'run memory'

/**
 * What may change a verdict while recipe and cc-ci stay the same, by name. Memory counts in steps of its power of two, because what an engine reports
 * moves with each kernel. What was not recorded is left out.
 */
export function comparableEnvironment({
  memoryBytes,
  cpus,
  vips,
  runMemoryBytes,
  ...named
}: Omit<EnvironmentFacts, 'load'>): Readonly<Record<string, string>> {
  const { engine, api, kernel, cgroup, edge, browser, deployer } = named
  const facts = {
    ...{ engine, api, kernel, cgroup, edge, browser, deployer },
    processors: String(cpus),
    memory: `about ${2 ** Math.round(Math.log2(Math.max(1, memoryBytes / GIB)))} GiB`,
    [RUN_MEMORY]: runMemoryBytes === undefined ? undefined : formatSize(runMemoryBytes),
    'virtual addresses': vips === undefined ? undefined : vips ? 'carry traffic' : 'carry none',
  }
  return Object.fromEntries(Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== undefined))
}

import type { Release } from '../../deploy/deployer.ts'
import { limitOf, maxContainerBytes, type RunMemory, requestedMemory } from '../../deploy/run-memory.ts'
import { mostProcesses } from '../../deploy/run-processes.ts'
import { formatSize } from '../../lib/text/size.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import type { BaseChoice } from '../base/base-choice.ts'

/** What bounds this run's app: as given to the run, and the most that each of its containers may have. */
export interface RunBounds {
  readonly memory: RunMemory & { readonly mostBytes: number }
  readonly processes: ProcessShare & { readonly most: number }
}

/** How many processes all containers of the app may have together. */
export interface ProcessShare {
  readonly together: number
}

/** What a run deploys, one after the other. */
interface Releases {
  readonly head: Release
  readonly upgrade: Release | null
  readonly base: BaseChoice
}

/**
 * The releases with bounds, and which. The same for all of them: with others an upgrade would restart what its files leave alone. `before`: of the release
 * that may be deployed already; they never grow.
 */
export function withBounds<R extends Releases>(
  releases: R,
  limits: { readonly memory: RunMemory; readonly processes: ProcessShare },
  before?: RunBounds,
): Pick<R, 'head' | 'upgrade' | 'base'> & RunBounds {
  const { head, upgrade, base } = releases
  const all = [
    head,
    upgrade,
    ...(base.kind === 'base' ? [base.release, ...base.via.map(({ release }) => release)] : []),
  ].filter((release) => release !== null)
  const { memory, processes } = limits
  const least = (known: number | undefined, of: (release: Release) => number) =>
    Math.min(known ?? Number.POSITIVE_INFINITY, ...all.map(of))
  const mostBytes = least(before?.memory.mostBytes, ({ stack, added }) =>
    maxContainerBytes(stack.model, added.memoryBytes, memory),
  )
  const most = least(before?.processes.most, ({ stack, added }) =>
    mostProcesses(stack.model, added.processes, processes.together),
  )
  const run = { runBytes: memory.runBytes, mostBytes, mostProcesses: most }
  const within = (release: Release): Release => ({ ...release, added: { ...release.added, run } })
  return {
    head: within(head),
    upgrade: upgrade && within(upgrade),
    base:
      base.kind === 'base'
        ? {
            ...base,
            release: within(base.release),
            via: base.via.map((step) => ({ ...step, release: within(step.release) })),
          }
        : base,
    memory: { ...memory, mostBytes },
    processes: { ...processes, most },
  }
}

/** The limit of each service of head, for whoever wants to know before it runs. */
export function memoryLimits({ stack, added }: Release) {
  return Object.entries(stack.model.services).map(([service, compose]) => {
    const want = requestedMemory(compose, added.memoryBytes)
    const { bytes, by } = limitOf(want, added.run?.mostBytes ?? null)
    return { service, bytes, by, asked: want.bytes }
  })
}

/** Limits that the files ask for and the run does not have: whether the app needs them, only the run shows. */
export function memoryFindings(head: Release, { runBytes, from }: RunMemory): Finding[] {
  return memoryLimits(head).flatMap(({ service, bytes, by, asked }) => {
    if (by !== 'run' || asked === null || bytes === null) return []
    const message = `${service} may have ${formatSize(bytes)} of memory here, not the ${formatSize(asked)} that it is to have: the run has ${formatSize(runBytes)} in all (${from}). Should it need more, the run ends unverified (\`run-memory\`): raise --run-memory, or CC_CI_RUN_MEMORY, on a larger machine`
    return [finding('memory-lowered', message)]
  })
}

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Canary } from './canary.ts'
import { type CanaryRun, runCanary } from './run-canary.ts'

export interface SelftestOptions {
  readonly canaries: readonly (readonly [string, Canary])[]
  /** How often this one. */
  readonly times: (canary: Canary) => number
  /** How many at the same time. */
  readonly jobs: number
  /** One folder for each run is made below it; what ended otherwise than expected is kept. */
  readonly dir: string
  readonly signal: AbortSignal
  /** For tests of the order alone. Default: the real one. */
  readonly run?: typeof runCanary
  readonly onStart?: (name: string) => void
  readonly onEnd?: (run: CanaryRun) => void
}

/**
 * Runs canaries side by side, never one beside itself: some hold something of the machine that there is only once. When the signal comes
 * nothing more is begun, and those that run are stopped in order. Gives the runs in the order in which they ended.
 */
export async function selftest(options: SelftestOptions): Promise<CanaryRun[]> {
  const { canaries, times, jobs, dir, signal, run: play = runCanary, onStart, onEnd } = options
  const turns = Math.max(0, ...canaries.map(([, canary]) => times(canary)))
  const queue = Array.from({ length: turns }, (_, turn) =>
    canaries.filter(([, canary]) => turn < times(canary)).map(([name, canary]) => ({ name, canary, turn })),
  ).flat()
  const running = new Set<string>()
  const runs: CanaryRun[] = []
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const worker = async () => {
    while (!signal.aborted) {
      const index = queue.findIndex(({ name }) => !running.has(name))
      const [next] = index < 0 ? [] : queue.splice(index, 1)
      if (!next) return
      const { name, canary, turn } = next
      running.add(name)
      onStart?.(name)
      const run = await play(name, canary, { dir: join(dir, `${name}-${turn + 1}`), signal })
      running.delete(name)
      if (!run) return
      runs.push(run)
      onEnd?.(run)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  if (runs.every(({ kept }) => kept === null)) rmSync(dir, { recursive: true, force: true })
  return runs
}

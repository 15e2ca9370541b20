import { statfsSync } from 'node:fs'
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os'
import { type Engine, RUN_LABEL } from '../../engine/client.ts'
import { InfraError } from '../../lib/errors.ts'
import type { MachineState } from '../../verdict/events.ts'
import { machineLine } from '../../verdict/machine-line.ts'
import { ownStack } from '../attached-app.ts'
import type { RunContext } from '../context.ts'

/** What this machine has left: an app on a starved machine looks ill without being it. `dir` lies on the disk that is asked. */
export function machineNow(dir: string): MachineState {
  return {
    load: loadavg(),
    processors: availableParallelism(),
    memoryBytes: { available: freemem(), total: totalmem() },
    diskFreeBytes: diskFree(dir),
  }
}

/**
 * What the machine of the app has left, and how to say it: of another node that is asked in a container there. One that says nothing of itself is not made up for: then
 * it is told of this machine, by name.
 */
export async function machineOf({ host, folder, plan }: Pick<RunContext, 'host' | 'folder' | 'plan'>) {
  const { engine, toolboxImage } = host
  const here = machineNow(folder.dir)
  if (engine.node === null) return { machine: here, line: machineLine(here) }
  const there = await nodeNow(engine, { image: toolboxImage, runId: plan.app.runId, stack: ownStack(plan) }).catch(
    () => null,
  )
  return there
    ? { machine: there, line: machineLine(there, `node ${engine.node.hostname}`) }
    : {
        machine: here,
        line: `node ${engine.node.hostname} says nothing of itself; ${machineLine(here, 'its manager')}`,
      }
}

const NODE_DEADLINE_MS = 20_000

/** A container has no load, memory and disk of its own: these are its machine's. */
async function nodeNow(
  engine: Engine,
  { image, runId, stack }: { readonly image: string; readonly runId: string; readonly stack: string },
): Promise<MachineState> {
  const argv = [
    'sh',
    '-c',
    'cat /proc/loadavg; nproc; grep -E "^Mem(Total|Available):" /proc/meminfo; stat -f -c "disk %a %S" /',
  ]
  const labels = { [RUN_LABEL]: runId }
  const { output } = await engine.run({
    name: `${stack}_ccci-machine`,
    image,
    argv,
    labels,
    timeoutMs: NODE_DEADLINE_MS,
  })
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN)
  const load = output.split(' ').slice(0, 3).map(Number)
  const [available, total] = [number(/MemAvailable:\s+(\d+)/) * 1024, number(/MemTotal:\s+(\d+)/) * 1024]
  const [, blocks, size] = /disk (\d+) (\d+)/.exec(output) ?? []
  const processors = number(/^(\d+)$/m)
  if (load.length !== 3 || [...load, available, total, processors].some(Number.isNaN))
    throw new InfraError('machine-unknown', `the node said: ${output.slice(0, 200)}`)
  const memoryBytes = { available, total }
  return { load, processors, memoryBytes, diskFreeBytes: blocks && size ? Number(blocks) * Number(size) : null }
}

/** Null where it cannot be asked: what explains a failure must not become one. */
function diskFree(dir: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(dir)
    return bavail * bsize
  } catch {
    return null
  }
}

import { stripVTControlCharacters } from 'node:util'
import { messageOf } from '../../lib/errors.ts'
import { foldRepeats } from '../../lib/text/fold-repeats.ts'
import { lastLines } from '../../lib/text/last-lines.ts'
import { withoutFrames } from '../../lib/text/without-frames.ts'
import type { Engine } from '../client.ts'
import type { ObservedTask, StackSnapshot } from './snapshot.ts'

const LOG_LINES = 15
/** So many are read, because those that say the same count as one. */
const LOG_TAIL = 200
const TASKS_SHOWN = 6
const LINE_LENGTH = 500

/** Where logs come from. */
type Logs = Pick<Engine, 'container' | 'containerLogs' | 'taskLogs'>

/**
 * What shows why a service failed: its update status, how its tasks ended and when, the last health probes, and of the log of the last of `tasks` (or
 * of the service's last task) the end, with the last errors before it.
 */
export async function decisiveLines(
  engine: Logs,
  snapshot: StackSnapshot,
  serviceName: string | undefined,
  tasks: readonly ObservedTask[],
): Promise<string[]> {
  const service = snapshot.services.find(({ service }) => service === serviceName)
  const all = snapshot.tasks.filter((task) => task.serviceId === service?.id)
  const shown = (tasks.length > 0 ? tasks : all).slice(-TASKS_SHOWN)
  const subject = shown.findLast((task) => task.containerId !== null)
  const update = service?.update ? [`update status: ${service.update.state} ${service.update.message}`.trim()] : []
  const lines = [
    ...update,
    ...shown.map((task) => history(snapshot, task)),
    ...health(snapshot, subject),
    ...(await log(engine, subject)),
  ]
  return lines.map((line) => line.slice(0, LINE_LENGTH))
}

function history(snapshot: StackSnapshot, task: ObservedTask): string {
  const container = task.containerId === null ? undefined : snapshot.containers.get(task.containerId)
  const code = task.exitCode !== null && task.state !== 'running' ? ` exit ${task.exitCode}` : ''
  const oom = container?.oomKilled ? ' out of memory' : ''
  return `task ${task.id.slice(0, 12)} ${task.state}${code}${oom} at ${task.since.slice(0, 23)}${task.error ? `: ${task.error}` : ''}`
}

function health(snapshot: StackSnapshot, task: ObservedTask | undefined): string[] {
  const container = task?.containerId ? snapshot.containers.get(task.containerId) : undefined
  return (container?.health?.log ?? []).slice(-3).map((probe) => `health probe: ${probe.replaceAll('\n', ' ')}`)
}

async function log(engine: Logs, task: ObservedTask | undefined): Promise<string[]> {
  if (!task?.containerId) return []
  try {
    const options = { tail: LOG_TAIL, timeoutMs: 5000, maxBytes: 256 * 1024 }
    const here = await engine.container(task.containerId)
    const text = here ? await engine.containerLogs(task.containerId, options) : await engine.taskLogs(task.id, options)
    const lines = foldRepeats(withoutFrames(stripVTControlCharacters(text).split('\n')))
    return lines.length > 0 ? lastLines(lines, LOG_LINES).map((line) => `log: ${line}`) : ['log: (nothing)']
  } catch (error) {
    return [`log unavailable: ${messageOf(error)}`]
  }
}

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ContainerState } from '../engine/types.ts'
import { CcCiError, messageOf } from '../lib/errors.ts'
import type { ContainerRun } from '../verdict/events.ts'
import type { RunContext } from './context.ts'

const MAX_LOG_BYTES = 2 * 1024 * 1024
/** One that was only created has said nothing yet. */
const ENDED = new Set(['exited', 'dead'])

/**
 * Writes the masked log of every container the stack still has to `logs/<service>.<task>.log`. Called after each tier and before the
 * removal. A container whose log is unavailable gets a file that says so.
 */
export async function keepLogs(context: RunContext): Promise<void> {
  const { host, plan } = context
  for (const container of await host.engine.containers({ stack: plan.app.stack })) {
    try {
      keep(context, container, await logOf(context, container))
    } catch (error) {
      sayWhyNot(context, container, error)
    }
  }
}

export interface LogKeeper {
  /** Ends listening; resolves when nothing is written any more. */
  close(): Promise<void>
}

/**
 * Keeps the log of each container as soon as it has ended: Swarm keeps the last few tasks of a service and removes older ones with their
 * logs (`docker swarm update --task-history-limit`, default 5). What it misses `keepLogs` finds, so its own errors end nothing.
 */
export function startLogKeeper(context: RunContext): LogKeeper {
  const { host, plan } = context
  const watch = host.engine.events(plan.app.stack)
  const stop = new AbortController()
  const saved = new Set<string>()
  const listening = listen()
  async function listen(): Promise<void> {
    while (!stop.signal.aborted) {
      await watch.wake(stop.signal).catch(() => undefined)
      if (!stop.signal.aborted) await keepEnded(context, saved).catch(() => undefined)
    }
  }
  return {
    async close() {
      stop.abort()
      watch.close()
      await listening
    },
  }
}

async function keepEnded(context: RunContext, saved: Set<string>): Promise<void> {
  const { host, plan } = context
  for (const container of await host.engine.containers({ stack: plan.app.stack })) {
    if (!ENDED.has(container.state) || saved.has(container.id)) continue
    keep(context, container, await logOf(context, container))
    saved.add(container.id)
  }
}

function logOf({ host }: RunContext, { id }: ContainerState): Promise<string> {
  return host.engine.containerLogs(id, { maxBytes: MAX_LOG_BYTES, timestamps: true })
}

function keep(context: RunContext, container: ContainerState, text: string): void {
  writeFileSync(logFile(context, container), context.masker.mask(text))
  noteContainer(context, container)
}

/** Said again only where something is new, so that a stream does not grow by every look at what runs on. */
function noteContainer(context: RunContext, container: ContainerState): void {
  const { startedAt, finishedAt, exitCode, oomKilled, state } = container
  const ended = ENDED.has(state)
  const run: ContainerRun = {
    ...identityOf(context, container),
    startedAt,
    finishedAt: ended ? finishedAt : null,
    exitCode: ended ? exitCode : null,
    oomKilled,
  }
  const known = context.events.all().findLast((event) => event.type === 'container' && event.task === run.task)
  if (known && isDeepStrictEqual({ ...known, ...run }, known)) return
  context.events.append({ type: 'container', ...run })
}

/** The engine refuses the log of a container that it is just removing, which may have been kept before; a lost engine is another matter. */
function sayWhyNot(context: RunContext, container: ContainerState, error: unknown): void {
  if (error instanceof CcCiError && error.code === 'engine-lost') throw error
  if (existsSync(logFile(context, container))) return
  keep(context, container, `[cc-ci: log unavailable: ${messageOf(error)}]\n`)
}

function logFile(context: RunContext, container: ContainerState): string {
  const { service, task } = identityOf(context, container)
  return join(context.folder.logs, `${service}.${task}.log`.replace(/[^A-Za-z0-9._-]/g, '_'))
}

function identityOf({ plan }: RunContext, { id, labels }: ContainerState): Pick<ContainerRun, 'service' | 'task'> {
  const service = labels['com.docker.swarm.service.name']?.slice(plan.app.stack.length + 1) ?? 'container'
  return { service, task: labels['com.docker.swarm.task.id'] ?? id.slice(0, 12) }
}

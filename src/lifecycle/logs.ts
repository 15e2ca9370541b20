import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerState } from '../engine/types.ts'
import { CcCiError, messageOf } from '../lib/errors.ts'
import type { RunContext } from './context.ts'

const MAX_LOG_BYTES = 2 * 1024 * 1024

/**
 * Writes the masked log of every container the stack still has to `logs/<service>.<task>.log`. Called after each tier and before the
 * removal, because the engine forgets old tasks. A container whose log cannot be had gets a file that says so.
 */
export async function keepLogs({ host, plan, folder, masker }: RunContext): Promise<void> {
  for (const container of await host.engine.containers({ stack: plan.app.stack })) {
    const options = { maxBytes: MAX_LOG_BYTES, timestamps: true }
    const text = await host.engine.containerLogs(container.id, options).catch(whyNot)
    writeFileSync(join(folder.logs, logName(plan.app.stack, container)), masker.mask(text))
  }
}

/** The engine refuses the log of a container that it is just removing; a lost engine is another matter. */
function whyNot(error: unknown): string {
  if (error instanceof CcCiError && error.code === 'engine-lost') throw error
  return `[cc-ci: this log is not to be had: ${messageOf(error)}]\n`
}

function logName(stack: string, { id, labels }: ContainerState): string {
  const service = labels['com.docker.swarm.service.name']?.slice(stack.length + 1) ?? 'container'
  const task = labels['com.docker.swarm.task.id'] ?? id.slice(0, 12)
  return `${service}.${task}.log`.replace(/[^A-Za-z0-9._-]/g, '_')
}

import { join } from 'node:path'
import { openToolbox, type Toolbox } from '../backup/toolbox.ts'
import { type Browser, openBrowser } from '../checks/browser.ts'
import type { EngineExecResult } from '../engine/types.ts'
import type { RunContext } from './context.ts'

/** The run's one browser, started when first asked for. */
export async function browserOf({ resources, host, plan, folder }: RunContext): Promise<Browser> {
  return resources.browser.get(() =>
    openBrowser({
      edge: host.edge,
      domain: plan.app.domain,
      executable: host.browserExecutable,
      profile: join(folder.tmp, 'browser'),
    }),
  )
}

/** The run's helper container, with the volumes the stack has now. */
export async function toolboxOf(context: RunContext): Promise<Toolbox> {
  const { resources, host, plan, masker } = context
  const toolbox = await resources.toolbox.get(() =>
    openToolbox(host.engine, { image: host.toolboxImage, app: plan.app, mask: (text) => masker.mask(text) }),
  )
  await toolbox.refresh()
  return toolbox
}

/** Runs a command in the running container of a service, for hooks and database witnesses. */
export function hookExec({ deployer, plan, signal }: RunContext) {
  return (
    service: string,
    argv: readonly string[],
    options: { deadlineMs: number; stdin?: string },
  ): Promise<EngineExecResult> => deployer.exec(plan.app, service, argv, { ...options, signal })
}

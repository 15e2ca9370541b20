import { join } from 'node:path'
import { openToolbox, type Toolbox } from '../backup/toolbox.ts'
import { type Browser, openBrowser } from '../browser/open.ts'
import type { EngineExecResult } from '../engine/types.ts'
import type { RunContext } from './context.ts'

/** The run's one browser, started when first asked for, and again when it was lost. */
export async function browserOf({ resources, host, plan, folder }: RunContext): Promise<Browser> {
  const { runId, stack, domain } = plan.app
  const open = () =>
    openBrowser(host.engine.home, {
      edge: host.edge,
      kind: host.browser,
      ...{ runId, prefix: stack, domain },
      folder: join(folder.tmp, 'browser'),
    })
  const browser = await resources.browser.get(open)
  if (!browser.lost) return browser
  await resources.browser.close()
  return resources.browser.get(open)
}

/** Has the browser start beside what takes longer. Whoever needs it later gets the error. */
export function warmBrowser(context: RunContext): void {
  void browserOf(context).catch(() => undefined)
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
    options: { timeoutMs: number; stdin?: string },
  ): Promise<EngineExecResult> => deployer.exec(plan.app, service, argv, { ...options, signal })
}

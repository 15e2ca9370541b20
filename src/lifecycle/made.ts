import { join } from 'node:path'
import { openToolbox, type Toolbox } from '../backup/toolbox.ts'
import { type Browser, openBrowser } from '../checks/browser.ts'
import type { EngineExecResult } from '../engine/types.ts'
import { Cleanup, type UndoFailure } from '../lib/cleanup.ts'
import type { RunContext } from './context.ts'

/** The run's one browser, started when first asked for. */
export async function browserOf({ made, host, plan, folder }: RunContext): Promise<Browser> {
  made.browser ??= await openBrowser({
    edge: host.edge,
    domain: plan.app.domain,
    executable: host.browserExecutable,
    profile: join(folder.tmp, 'browser'),
  })
  return made.browser
}

/** The run's helper container, with the volumes the stack has now. */
export async function toolboxOf(context: RunContext): Promise<Toolbox> {
  const { made, host, plan, masker } = context
  made.toolbox ??= await openToolbox(host.engine, {
    image: host.toolboxImage,
    app: plan.app,
    mask: (text) => masker.mask(text),
  })
  await made.toolbox.refresh()
  return made.toolbox
}

/** Runs a command in the running container of a service, for hooks and database witnesses. */
export function hookExec({ deployer, plan, signal }: RunContext) {
  return (
    service: string,
    argv: readonly string[],
    options: { deadlineMs: number; stdin?: string },
  ): Promise<EngineExecResult> => deployer.exec(plan.app, service, argv, { ...options, signal })
}

/** With `keep` the dependencies stay, because the app needs them: `cc-ci gc` releases them. */
export async function closeMade({ made, keep }: Pick<RunContext, 'made' | 'keep'>): Promise<UndoFailure[]> {
  const cleanup = new Cleanup()
  if (!keep) for (const [name, release] of made.depReleases) cleanup.register(`dependency ${name}`, release)
  cleanup.register('sandbox', async () => made.sandbox?.close())
  cleanup.register('toolbox', async () => made.toolbox?.close())
  cleanup.register('browser', async () => made.browser?.close())
  return cleanup.run()
}

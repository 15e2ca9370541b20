import { UsageError } from '../lib/errors.ts'
import type { RunContext } from './context.ts'
import type { RunPlan } from './plan.ts'

/**
 * The stack whose things the run may remove: its app's, or, for a run that only looks at the app of another run, a name of its own under
 * which nothing but its helpers stand.
 */
export function ownStack({ app, attached }: Pick<RunPlan, 'app' | 'attached'>): string {
  return attached === null ? app.stack : `ccci-${app.runId.slice(-6)}`
}

/** Finds what runs of the kept app: tests may look at it, and nothing of it is changed or removed. */
export async function inspectAttached({ host, plan, state }: RunContext): Promise<void> {
  const services = await host.engine.services(plan.app.stack)
  if (services.length === 0) {
    throw new UsageError('nothing-to-attach', `the app of run ${plan.attached?.runId} is not there any more`, {
      hint: 'Start it again with `cc-ci test --keep`.',
    })
  }
  const images = services.map(({ service, image }) => ({ service, ref: image, id: image }))
  state.current = { before: [], services, images, accommodations: [], orphans: [] }
  state.headServes = true
}

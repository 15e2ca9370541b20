import type { RunPlan } from './plan.ts'

/**
 * The stack whose things the run may remove: its app's, or, for a run that only looks at the app of another run, a name of its own under
 * which nothing but its helpers stand.
 */
export function ownStack({ app, attached }: Pick<RunPlan, 'app' | 'attached'>): string {
  return attached === null ? app.stack : `ccci-${app.runId.slice(-6)}`
}

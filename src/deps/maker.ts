import { hostname } from 'node:os'
import { z } from 'zod'
import { isAlive, ownIdentity } from '../lib/process/process-identity.ts'

/** On what a provider makes for a run: the process that made it (JSON), and whether it outlives that process. */
export const MAKER_LABELS = { maker: 'cc-ci.maker', keep: 'cc-ci.keep', run: 'cc-ci.run' } as const

const shape = z.object({
  host: z.string(),
  pid: z.number(),
  startTicks: z.string(),
  bootId: z.string(),
  pidNamespace: z.string().optional(),
})

/** Labels that mark a thing as made by this process for a run. */
export function madeBy(run: { readonly runId: string; readonly keep?: boolean }): Record<string, string> {
  const maker = JSON.stringify({ host: hostname(), ...ownIdentity() })
  return {
    [MAKER_LABELS.run]: run.runId,
    [MAKER_LABELS.maker]: maker,
    ...(run.keep ? { [MAKER_LABELS.keep]: 'true' } : {}),
  }
}

/** True for what cc-ci made on this machine, in a process that runs no more, for a run that is not kept. */
export function isOrphan(labels: Readonly<Record<string, string | undefined>>): boolean {
  if (labels[MAKER_LABELS.keep]) return false
  const maker = parse(labels[MAKER_LABELS.maker])
  return maker !== null && maker.host === hostname() && !isAlive(maker)
}

function parse(text: string | undefined): z.infer<typeof shape> | null {
  try {
    return shape.parse(JSON.parse(text ?? ''))
  } catch {
    // Not a mark of ours: then it is not ours to remove.
    return null
  }
}

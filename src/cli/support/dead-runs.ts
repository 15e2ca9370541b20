import { existsSync } from 'node:fs'
import type { Engine } from '../../engine/client.ts'
import { sweepProbes } from '../../engine/vip.ts'
import { removeDeadDrafts } from '../../history/canonicals/store.ts'
import { collectCheckpoints } from '../../history/checkpoints/store.ts'
import { systemClock } from '../../lib/async/clock.ts'
import { collectGarbage, type GcOptions, type GcResult } from '../../lifecycle/gc.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { writeViews } from '../../report/run/write-views.ts'
import { readEvents } from '../../verdict/event-log.ts'
import type { RunEvent } from '../../verdict/events.ts'
import { checkpointsBudget } from './checkpoint-store.ts'

/** Takes down what dead runs left and writes the results they could not write: as far as their events go, never a pass. */
export async function clearDeadRuns(
  state: string,
  engine: Engine,
  options: Pick<GcOptions, 'retained' | 'busy'> = {},
): Promise<GcResult[]> {
  const collected = await collectGarbage({ ...options, stateDir: state, engine })
  for (const { id } of collected) publishDead(state, id)
  await removeDeadDrafts(state)
  await collectCheckpoints(state, checkpointsBudget(), systemClock)
  await sweepProbes(engine)
  return collected
}

function publishDead(state: string, id: string): void {
  const folder = runFolder(state, id)
  if (existsSync(folder.results) || !existsSync(folder.events)) return
  const events: RunEvent[] = readEvents(folder.events)
  if (events.length === 0) return
  writeViews({
    folder,
    events: () => events,
    append: (artifact) =>
      events.push({ seq: events.length + 1, at: new Date().toISOString(), type: 'artifact', ...artifact }),
  })
}

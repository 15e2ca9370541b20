import { Engine } from '../../engine/client.ts'
import { type CheckpointStore, openCheckpoints } from '../../history/checkpoints/store.ts'
import { fromEnvironment } from '../../lib/environment.ts'
import { parseSize } from '../../lib/text/size.ts'

/** Throws UsageError `bad-size`. */
export function checkpointsBudget(): number {
  const text = fromEnvironment('CC_CI_CHECKPOINTS_SIZE')
  return text === '0' ? 0 : parseSize(text)
}

/** The checkpoints of a state folder, compared with the images of the engine where there is one. */
export function checkpointStore(state: string): CheckpointStore {
  return openCheckpoints({
    state,
    budgetBytes: checkpointsBudget(),
    // Nobody compares images before a checkpoint is lent, and then there is an engine or the run ends.
    imageNow: async (ref) => (await (await Engine.connect()).image(ref))?.id ?? null,
  })
}

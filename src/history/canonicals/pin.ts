import { isDeepStrictEqual } from 'node:util'
import { type Pin, writePins } from '../retention/pins.ts'
import { generationsIn } from './folders.ts'

/**
 * Has the runs whose data is kept stay whole: whoever doubts a canonical wants to see how it came about. Written until it is what lies on the disk,
 * because another run may have kept or evicted one meanwhile.
 */
export async function pinRuns(state: string): Promise<void> {
  let written: readonly Pin[] | null = null
  for (let pins = pinsOf(state); !isDeepStrictEqual(pins, written); pins = pinsOf(state)) {
    await writePins(state, 'canonicals', pins)
    written = pins
  }
}

function pinsOf(state: string): Pin[] {
  return generationsIn(state).flatMap(({ runId, manifest }) =>
    manifest
      ? [{ run: runId, reason: `its data is the canonical of ${manifest.recipe.name} ${manifest.version}` }]
      : [],
  )
}

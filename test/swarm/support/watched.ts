import {
  type PlantedWitnesses,
  plantWitnesses,
  removeWitnesses,
  type WitnessContext,
} from '../../../src/backup/witness/index.ts'

/** Plants the witnesses, acts, and removes them whatever came of it. */
export async function watched<T>(here: WitnessContext, act: (planted: PlantedWitnesses) => Promise<T>): Promise<T> {
  const planted = await plantWitnesses(here)
  try {
    return await act(planted)
  } finally {
    await removeWitnesses(here, planted)
  }
}

import { generationsIn } from '../canonicals/folders.ts'
import { checkpointImages } from '../checkpoints/store.ts'

/** References of the images that the kept data of a state folder was made with: gone, a tag may come back as another image, and the data is stale. */
export function pinnedImages(state: string): ReadonlySet<string> {
  const canonicals = generationsIn(state).flatMap(({ manifest }) => manifest?.images.map(({ ref }) => ref) ?? [])
  return new Set([...canonicals, ...checkpointImages(state)])
}

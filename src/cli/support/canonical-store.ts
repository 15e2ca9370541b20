import { Engine } from '../../engine/client.ts'
import { type CanonicalStore, openCanonicals } from '../../history/canonicals/store.ts'
import { fromEnvironment } from '../../lib/environment.ts'
import { parseSize } from '../../lib/text/size.ts'

/** The canonicals of a state folder, compared with the images of the engine where there is one. Throws UsageError `bad-size`. */
export function canonicalStore(state: string): CanonicalStore {
  // Asked when it is first needed, and not at all by a run without canonicals; who needs an engine says later that there is none.
  let engine: Promise<Engine | null> | null = null
  const connected = () => {
    engine ??= Engine.connect().catch(() => null)
    return engine
  }
  return openCanonicals({
    state,
    budgetBytes: parseSize(fromEnvironment('CC_CI_CANONICALS_SIZE')),
    imageNow: async (ref) => (await (await connected())?.image(ref))?.id ?? null,
    engine: async () => (await (await connected())?.info()) ?? { version: 'unknown', api: 'unknown' },
  })
}

import { Engine } from '../../engine/client.ts'
import { type CanonicalStore, openCanonicals } from '../../history/canonicals/store.ts'
import { parseSize } from '../../lib/size.ts'

/** What all canonicals of a state folder may take on the disk together: `20G`. */
const SIZE = 'CC_CI_CANONICALS_SIZE'
const DEFAULT_SIZE = '10G'

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
    budgetBytes: parseSize(process.env[SIZE] || DEFAULT_SIZE),
    imageNow: async (ref) => (await (await connected())?.image(ref))?.id ?? null,
    engine: async () => (await (await connected())?.info()) ?? { version: 'unknown', api: 'unknown' },
  })
}

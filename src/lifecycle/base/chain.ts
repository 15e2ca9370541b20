import { UsageError } from '../../lib/errors.ts'

/** Between the releases of a chain. git allows it in no name of a branch or tag. */
const TO = '..'
/** Each is a whole upgrade. */
const MOST_STOPS = 20

/** A way to head by other releases: `1.2.0..1.3.0` is 1.2.0, upgraded to 1.3.0, upgraded to head. */
export interface Chain {
  readonly first: string
  /** Where the way goes, in order, before head. */
  readonly stops: readonly string[]
  /** `1.2.0..`: by way of the newest patch of every later minor. */
  readonly open: boolean
}

/** Null for what is no chain: a version, a ref, `auto` or `none`. The end may be called `head`. Throws UsageError `bad-chain`. */
export function parseChain(text: string): Chain | null {
  if (!text.includes(TO)) return null
  const named = text.split(TO)
  if (named.at(-1) === 'head') named.pop()
  const open = named.length > 1 && named.at(-1) === ''
  if (open) named.pop()
  const [first = '', ...stops] = named
  const wrong = named.find((name) => name === '' || name === 'auto' || name === 'none' || name === 'head')
  if (wrong !== undefined) throw badChain(text, wrong === '' ? 'a release of it has no name' : `${wrong} is no release`)
  if (open && stops.length > 0) throw badChain(text, 'an open end stands behind the first release only')
  if (named.length > MOST_STOPS) throw badChain(text, `it names ${named.length} releases, and may name ${MOST_STOPS}`)
  return { first, stops, open }
}

function badChain(text: string, why: string): UsageError {
  return new UsageError('bad-chain', `"${text}" is no way to head: ${why}`, {
    hint: 'Write 1.2.0..1.3.0 (from 1.2.0 by way of 1.3.0 to head) or 1.2.0.. (by way of every later minor).',
  })
}

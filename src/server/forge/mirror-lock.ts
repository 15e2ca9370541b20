const tails = new Map<string, Promise<unknown>>()

/** One at a time for each key, in the order of asking. A failure of one is not the next one's. */
export async function oneAtATime<T>(key: string, act: () => Promise<T>): Promise<T> {
  const before = tails.get(key) ?? Promise.resolve()
  const own = before.then(act, act)
  const tail = own.catch(() => undefined)
  tails.set(key, tail)
  try {
    return await own
  } finally {
    if (tails.get(key) === tail) tails.delete(key)
  }
}

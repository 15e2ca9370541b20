/** `act` on each item, at most `limit` at a time; what they give, in the order of the items. The first error is thrown, and nothing new is begun after it. */
export async function mapLimit<T, R>(limit: number, items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  let failed = false
  const take = async () => {
    for (const [index, item] of queue) {
      if (failed) return
      try {
        results[index] = await act(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, take))
  return results
}

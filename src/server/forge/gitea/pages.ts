import { z } from 'zod'
import { ForgeError } from '../../contract/errors.ts'
import { TooLargeError } from './body.ts'
import type { Caller, Query } from './call.ts'

/** 50 is the most that Gitea gives; smaller pages where somebody wrote comments of megabytes. */
const PAGE_SIZES = [50, 5, 1] as const
const MAX_ITEMS = 20_000
const ROUNDS = 3

/**
 * All items of a list, page by page, by number. A list that grew or shrank meanwhile is read again (an item that was deleted shifts the
 * next page, and one would be missed); what changes all the time is given as the last round saw it. Throws ForgeError.
 */
export async function allPages<T>(
  caller: Caller,
  item: z.ZodType<T>,
  parts: readonly string[],
  query: Query = {},
): Promise<readonly T[]> {
  for (const [index, size] of PAGE_SIZES.entries()) {
    try {
      return await settled(caller, item, parts, query, size)
    } catch (error) {
      if (!(error instanceof TooLargeError) || index === PAGE_SIZES.length - 1) throw error
    }
  }
  return []
}

async function settled<T>(
  caller: Caller,
  item: z.ZodType<T>,
  parts: readonly string[],
  query: Query,
  size: number,
): Promise<readonly T[]> {
  let items: T[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const totals = new Set<number | null>()
    items = []
    for (let page = 1; ; page++) {
      const answer = await caller.ok('GET', parts, { query: { ...query, limit: size, page } })
      const found = caller.parse(z.array(item).nullable(), answer, parts) ?? []
      totals.add(answer.total)
      items.push(...found)
      if (page > MAX_ITEMS / size || items.length > MAX_ITEMS)
        throw new ForgeError('forge-broken', `the forge's list ${parts.join('/')} does not end`)
      // The forge may give fewer a page than it was asked for: only its own count, or an empty page, ends the list.
      if (found.length === 0 || (answer.total !== null && items.length >= answer.total)) break
    }
    if (totals.size === 1) return items
  }
  return items
}

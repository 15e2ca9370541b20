import { z } from 'zod'
import { ForgeError } from '../../contract/errors.ts'
import { TooLargeError } from './body.ts'
import type { ApiCaller, Query } from './call.ts'

/** 50 is the most that Gitea gives; smaller pages where somebody wrote comments of megabytes. */
const PAGE_SIZES = [50, 5, 1] as const
const MAX_ITEMS = 20_000
const ROUNDS = 3
/** Pages of a history that may be empty one after another before it is over: rows that are not for us are taken out of a page. */
const EMPTY_PAGES = 3

/**
 * All items of a list, page by page, by number. A list that grew or shrank meanwhile is read again (an item that was deleted shifts the
 * next page, and one would be missed); what changes all the time is given as the last round saw it. Throws ForgeError.
 */
export function allPages<T>(
  caller: ApiCaller,
  item: z.ZodType<T>,
  parts: readonly string[],
  query: Query = {},
): Promise<readonly T[]> {
  return inPages((size) => counted({ caller, item, parts, query, size }))
}

/** The same of a list that is never counted whole: the history of a pull request, whose answers count the rows of their own page. */
export function allRows<T>(caller: ApiCaller, item: z.ZodType<T>, parts: readonly string[]): Promise<readonly T[]> {
  return inPages((size) => uncounted({ caller, item, parts, query: {}, size }))
}

async function inPages<T>(read: (size: number) => Promise<readonly T[]>): Promise<readonly T[]> {
  for (const [index, size] of PAGE_SIZES.entries()) {
    try {
      return await read(size)
    } catch (error) {
      if (!(error instanceof TooLargeError) || index === PAGE_SIZES.length - 1) throw error
    }
  }
  return []
}

interface Reading<T> {
  readonly caller: ApiCaller
  readonly item: z.ZodType<T>
  readonly parts: readonly string[]
  readonly query: Query
  readonly size: number
}

async function counted<T>(reading: Reading<T>): Promise<T[]> {
  let items: T[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const totals = new Set<number | null>()
    items = []
    for (let page = 1; ; page++) {
      const { found, total } = await onePage(reading, page, items.length)
      totals.add(total)
      items.push(...found)
      // The forge may give fewer a page than it was asked for: only its own count, or an empty page, ends the list.
      if (found.length === 0 || (total !== null && items.length >= total)) break
    }
    if (totals.size === 1) return items
  }
  return items
}

/** What came in one page is as it was; what came in several is read until two rounds agree. */
async function uncounted<T>(reading: Reading<T>): Promise<T[]> {
  let before = -1
  let items: T[] = []
  for (let round = 0; round < ROUNDS; round++) {
    let empty = 0
    let full = 0
    items = []
    for (let page = 1; empty < EMPTY_PAGES; page++) {
      const { found } = await onePage(reading, page, items.length)
      empty = found.length === 0 ? empty + 1 : 0
      full += found.length === 0 ? 0 : 1
      items.push(...found)
    }
    if (full <= 1 || items.length === before) return items
    before = items.length
  }
  return items
}

async function onePage<T>({ caller, item, parts, query, size }: Reading<T>, page: number, so: number) {
  if (page > MAX_ITEMS / size || so > MAX_ITEMS)
    throw new ForgeError('forge-broken', `the forge's list ${parts.join('/')} does not end`)
  const answer = await caller.ok('GET', parts, { query: { ...query, limit: size, page } })
  return { found: caller.parse(z.array(item).nullable(), answer, parts) ?? [], total: answer.total }
}

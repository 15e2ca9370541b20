import type { z } from 'zod'
import { ForgeError } from '../../contract/errors.ts'
import type { ApiCaller, Query } from './call.ts'
import { repositoryParts } from './names.ts'
import { blobShape, treeShape } from './shapes.ts'

const PAGE = 1000
const MOST_PAGES = 10
const FOLDER = '040000'

interface Entry {
  readonly path: string
  readonly mode: string
  readonly sha: string
}

/** The tree of a folder at the root of a commit; null where there is none. */
export async function folderTree(
  caller: ApiCaller,
  repository: string,
  commit: string,
  folder: string,
): Promise<string | null> {
  const entries = await entriesOf(caller, repository, commit, false)
  return entries.find(({ path, mode }) => path === folder && mode === FOLDER)?.sha ?? null
}

/** Path to content of everything below a tree that is no folder. */
export async function filesOf(
  caller: ApiCaller,
  repository: string,
  tree: string,
): Promise<ReadonlyMap<string, string>> {
  const entries = await entriesOf(caller, repository, tree, true)
  return new Map(entries.filter(({ mode }) => mode !== FOLDER).map(({ path, sha }) => [path, sha]))
}

/** Null: larger, or no UTF-8 text. */
export async function fileText(
  caller: ApiCaller,
  repository: string,
  id: string,
  mostBytes: number,
): Promise<string | null> {
  const { content, size } = await getExisting(caller, blobShape, [...repositoryParts(repository), 'git', 'blobs', id])
  if (size > mostBytes) return null
  const bytes = Buffer.from(content ?? '', 'base64')
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? null : text
  } catch {
    return null
  }
}

/** Gitea answers 400 for an id that the repository does not have. */
const MISSING = [400, 404, 422]

/** Throws ForgeError `forge-missing` where the repository has no such thing. */
async function getExisting<T>(
  caller: ApiCaller,
  shape: z.ZodType<T>,
  parts: readonly string[],
  query: Query = {},
): Promise<T> {
  const answer = await caller.send('GET', parts, { query })
  if (MISSING.includes(answer.status))
    throw new ForgeError(
      'forge-missing',
      `the forge has nothing called ${parts.at(-1)?.slice(0, 10)} in that repository`,
      {
        hint: 'Name a commit that is on a branch, tag or pull request of the repository.',
      },
    )
  return answer.status === 200 ? caller.parse(shape, answer, parts) : caller.get(shape, parts, query)
}

/** The forge says on each page whether there is more; it decides itself how much a page has. */
async function entriesOf(caller: ApiCaller, repository: string, tree: string, recursive: boolean): Promise<Entry[]> {
  const parts = [...repositoryParts(repository), 'git', 'trees', tree]
  const found: Entry[] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const query = { page, per_page: PAGE, ...(recursive ? { recursive: 'true' } : {}) }
    const answer = await getExisting(caller, treeShape, parts, query)
    found.push(...answer.tree)
    if (answer.truncated !== true || answer.tree.length === 0) return found
  }
  throw new ForgeError(
    'forge-broken',
    `the tree ${tree.slice(0, 10)} of ${repository} has more than ${found.length} entries`,
  )
}

import type { z } from 'zod'
import { ForgeError } from '../../contract/errors.ts'
import type { ApiCaller, Query } from './call.ts'
import { repositoryParts } from './names.ts'
import { treeShape } from './shapes.ts'

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

/** Gitea answers 400 for an id that the repository does not have. */
const MISSING = [400, 404, 422]

async function pageOf(caller: ApiCaller, parts: readonly string[], query: Query): Promise<z.infer<typeof treeShape>> {
  const answer = await caller.send('GET', parts, { query })
  if (MISSING.includes(answer.status))
    throw new ForgeError(
      'forge-missing',
      `the forge has nothing called ${parts.at(-1)?.slice(0, 10)} in that repository`,
      {
        hint: 'Name a commit that is on a branch, tag or pull request of the repository.',
      },
    )
  if (answer.status === 200) return caller.parse(treeShape, answer, parts)
  return caller.get(treeShape, parts, query)
}

/** The forge says on each page whether there is more; it decides itself how much a page has. */
async function entriesOf(caller: ApiCaller, repository: string, tree: string, recursive: boolean): Promise<Entry[]> {
  const parts = [...repositoryParts(repository), 'git', 'trees', tree]
  const found: Entry[] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const query = { page, per_page: PAGE, ...(recursive ? { recursive: 'true' } : {}) }
    const answer = await pageOf(caller, parts, query)
    found.push(...answer.tree)
    if (answer.truncated !== true || answer.tree.length === 0) return found
  }
  throw new ForgeError(
    'forge-broken',
    `the tree ${tree.slice(0, 10)} of ${repository} has more than ${found.length} entries`,
  )
}

import { structuredPatch } from 'diff'
import { type Approval, approve, readApprovals, revoke } from '../gate/approvals.ts'
import type { Clock } from '../lib/async/clock.ts'
import { UsageError } from '../lib/errors.ts'
import { ForgeError } from './contract/errors.ts'
import type { Forge } from './contract/forge.ts'
import { commitId, repositoryName } from './contract/request.ts'
import type { CodeFile, Operations, RepositoryApproval } from './contract/services.ts'

/** All code of a recipe lies here; see `gate/approved.ts`. */
const CODE = 'cc-ci'

export interface ApprovalDeps {
  readonly forge: Pick<Forge, 'cloneSource' | 'folderTree' | 'filesOf' | 'fileText'>
  readonly state: string
  readonly clock: Clock
}

/** Which code of the forge's repositories may run. It is kept where `cc-ci approve` keeps it, by the URL that runs are given as their origin. */
export function createApprovalOperations({
  forge,
  state,
  clock,
}: ApprovalDeps): Pick<Operations, 'approve' | 'approvals' | 'revokeApproval' | 'codeOf'> {
  const urlOf = (repository: string) => forge.cloneSource(repository).url
  const codeTreeOf = (repository: string, commit: string) =>
    forge.folderTree(repository, commit, CODE).catch((error: unknown) => {
      if (missing(error) !== null) throw error
      throw new UsageError('no-such-commit', `the forge has no commit ${commit.slice(0, 10)} of ${repository}`, {
        hint: 'Name a commit that is on a branch, tag or pull request of a repository that the token may read.',
        cause: error,
        kind: 'not-found',
      })
    })
  return {
    async approve(repository, commit) {
      refuseOther(repository, commit)
      const tree = await codeTreeOf(repository, commit)
      if (tree === null)
        throw new UsageError('nothing-to-approve', `${repository} has no folder ${CODE}/ at ${commit.slice(0, 10)}`, {
          hint: 'Only what lies in that folder is ever run: there is nothing to approve.',
          kind: 'conflict',
        })
      const at = new Date(clock.now()).toISOString()
      approve(state, { repository: urlOf(repository), commit, branch: null, tree, at })
    },
    approvals: () => approvalsIn(state, urlOf),
    async revokeApproval(repository, commit) {
      refuseOther(repository, commit)
      return revoke(state, urlOf(repository), commit).length > 0
    },
    async codeOf(repository, commit) {
      refuseOther(repository, commit)
      const mine = approvalsIn(state, urlOf).filter((one) => one.repository === repository)
      const tree = await codeTreeOf(repository, commit)
      const now = tree === null ? new Map<string, string>() : await forge.filesOf(repository, tree)
      const approved = mine.some((one) => one.commit === commit || (tree !== null && one.tree === tree))
      const { against, files } = await newestReadable(forge, repository, mine)
      const text = (id: string) => forge.fileText(repository, id, MOST_BYTES)
      return { approved, against, files: await withPatches(differences(files, now), text) }
    },
  }
}

/** What may run of the repository that runs are given as `origin`. */
export function approvedIn(state: string, origin: string): { approvedCommits: string[]; approvedTrees: string[] } {
  const mine = readApprovals(state).filter(({ repository }) => repository === origin)
  return {
    approvedCommits: mine.flatMap(({ commit }) => commit ?? []),
    approvedTrees: [...new Set(mine.flatMap(({ tree }) => tree ?? []))],
  }
}

function refuseOther(repository: string, commit: string): void {
  if (repositoryName.safeParse(repository).success && commitId.safeParse(commit).success) return
  throw new UsageError('bad-approval', `"${repository}" at "${commit}" cannot be approved`, {
    hint: 'Name the repository as ORG/REPO and the whole commit, 40 hex digits.',
  })
}

/** Those of the command line on branches, and of recipes that are elsewhere, are none of the forge's. */
function approvalsIn(state: string, urlOf: (repository: string) => string): RepositoryApproval[] {
  return readApprovals(state)
    .flatMap(({ repository: url, commit, tree, at }: Approval): RepositoryApproval[] => {
      const name = /([^/]+\/[^/]+)\.git$/.exec(url)?.[1]
      const mine = name !== undefined && repositoryName.safeParse(name).success && urlOf(name) === url
      return mine && commit !== null ? [{ repository: name, commit, tree, at }] : []
    })
    .sort((a, b) => (a.at < b.at ? 1 : -1))
}

/** A tree that no branch leads to any more may be gone from the forge. */
async function newestReadable(
  forge: ApprovalDeps['forge'],
  repository: string,
  approvals: readonly RepositoryApproval[],
): Promise<{ against: RepositoryApproval | null; files: ReadonlyMap<string, string> }> {
  for (const against of approvals.filter(({ tree }) => tree !== null)) {
    const files = await forge.filesOf(repository, against.tree ?? '').catch(missing)
    if (files) return { against, files }
  }
  return { against: null, files: new Map() }
}

function missing(error: unknown): null {
  if (error instanceof ForgeError && error.code === 'forge-missing') return null
  throw error
}

interface Difference extends Omit<CodeFile, 'patch'> {
  /** Ids of the content before and now; null: it was not there. */
  readonly was: string | null
  readonly is: string | null
}

function differences(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): Difference[] {
  const paths = [...new Set([...before.keys(), ...now.keys()])].sort()
  return paths.map((path): Difference => {
    const [was, is] = [before.get(path) ?? null, now.get(path) ?? null]
    const change = was === null ? 'added' : is === null ? 'removed' : was === is ? 'same' : 'changed'
    return { path, change, was, is }
  })
}

/** Files whose difference is shown: each costs the forge two answers. Of the others the forge's own page shows it. */
const MOST_PATCHES = 40
const MOST_BYTES = 128 * 1024

async function withPatches(
  files: readonly Difference[],
  textOf: (id: string) => Promise<string | null>,
): Promise<CodeFile[]> {
  let room = MOST_PATCHES
  const found: CodeFile[] = []
  for (const { path, change, was, is } of files) {
    const shown = change !== 'same' && room > 0
    if (shown) room--
    found.push({ path, change, patch: shown ? await patchOf(was, is, textOf) : null })
  }
  return found
}

async function patchOf(
  was: string | null,
  is: string | null,
  textOf: (id: string) => Promise<string | null>,
): Promise<readonly string[] | null> {
  const [before, after] = [was === null ? '' : await textOf(was), is === null ? '' : await textOf(is)]
  if (before === null || after === null) return null
  const patch = structuredPatch('', '', before, after, '', '', { context: 5, maxEditLength: 20_000 })
  return patch
    ? patch.hunks.flatMap(({ oldStart, newStart, lines }) => [`@@ -${oldStart} +${newStart} @@`, ...lines])
    : null
}

// cspell:ignore Forgejo
import { ForgeError } from '../../contract/errors.ts'
import type { Forge } from '../../contract/forge.ts'
import { ApiCaller, type CallerOptions } from './call.ts'
import { comment, commentsSince, findComment } from './comments.ts'
import { closePull, isContained, openPulls } from './mirror.ts'
import { organisationParts, repositoryParts } from './names.ts'
import { allPages } from './pages.ts'
import { pushedSince } from './pushes.ts'
import { resolveCommit, tags } from './refs.ts'
import { foundPullShape, madeShape, pullOf, pullShape, repositoryShape, selfShape } from './shapes.ts'
import { latestStatus, setCommitStatus } from './statuses.ts'
import { filesOf, fileText, folderTree } from './trees.ts'
import { ensureWebhook, removeWebhook, webhook } from './webhooks.ts'

/** Gitea (measured with 1.26) and Forgejo, by their common API. */
export function giteaForge(options: CallerOptions): Forge {
  const caller = new ApiCaller(options)
  let known: string | undefined
  const self = async () => {
    known ??= (await caller.get(selfShape, ['user'])).login
    return known
  }
  return {
    baseUrl: caller.baseUrl,
    self,
    isMember: (organisation, login) => isMember(caller, organisation, login),
    async pull(repository, number) {
      const path = [...repositoryParts(repository), 'pulls', String(number)]
      return pullOf(repository, await caller.get(pullShape, path))
    },
    comment: (repository, id) => comment(caller, repository, id),
    pushedSince: (repository, number, since) => pushedSince(caller, repository, number, since),
    commentsSince: (repository, since) => commentsSince(caller, repository, since),
    async activePulls(organisation, since) {
      organisationParts(organisation)
      const query = { type: 'pulls', state: 'open', owner: organisation, since }
      const found = await allPages(caller, foundPullShape, ['repos', 'issues', 'search'], query)
      const own = `${organisation.toLowerCase()}/`
      return found
        .filter(({ repository }) => repository.full_name.toLowerCase().startsWith(own))
        .map(({ number, repository }) => ({ repository: repository.full_name, pull: number }))
    },
    async repositories(organisation) {
      const found = await allPages(caller, repositoryShape, [...organisationParts(organisation), 'repos'])
      return [...new Set(found.map(({ full_name }) => full_name))].sort()
    },
    findComment: async (repository, pull, marker) => findComment(caller, repository, pull, marker, await self()),
    async addComment(repository, pull, body) {
      const path = [...repositoryParts(repository), 'issues', String(pull), 'comments']
      return caller.parse(madeShape, await caller.ok('POST', path, { body: { body } }), path).id
    },
    async editComment(repository, id, body) {
      const path = [...repositoryParts(repository), 'issues', 'comments', String(id)]
      return caller.ok('PATCH', path, { body: { body } }).then(() => true, orFalseWhenMissing)
    },
    latestStatus: (repository, commit, context) => latestStatus(caller, repository, commit, context),
    setStatus: (repository, commit, status) => setCommitStatus(caller, repository, commit, status),
    ensureWebhook: (name, values, secret) => ensureWebhook(caller, name, values, secret),
    removeWebhook: (name, id) => removeWebhook(caller, name, id),
    webhook: (name, url) => webhook(caller, name, url),
    resolveCommit: (repository, ref) => resolveCommit(caller, repository, ref),
    tags: (repository) => tags(caller, repository),
    folderTree: (repository, commit, folder) => folderTree(caller, repository, commit, folder),
    filesOf: (repository, tree) => filesOf(caller, repository, tree),
    fileText: (repository, id, mostBytes) => fileText(caller, repository, id, mostBytes),
    openPulls: (repository) => openPulls(caller, repository),
    isContained: (repository, commit, tip) => isContained(caller, repository, commit, tip),
    closePull: (repository, number) => closePull(caller, repository, number),
    async defaultBranch(repository) {
      const found = await caller.get(repositoryShape, repositoryParts(repository))
      if (found.default_branch) return found.default_branch
      throw new ForgeError('forge-broken', `the forge names no default branch of ${repository}`)
    },
    cloneSource(repository) {
      const [, owner, name] = repositoryParts(repository)
      const basic = Buffer.from(`${options.token}:x-oauth-basic`).toString('base64')
      return { url: `${caller.baseUrl}/${owner}/${name}.git`, authorization: `Basic ${basic}` }
    },
  }
}

async function isMember(caller: ApiCaller, organisation: string, login: string): Promise<boolean> {
  // A login comes from a stranger's comment: what can be no login is nobody's.
  if (!/^[\w.-]{1,255}$/.test(login) || /^\.+$/.test(login)) return false
  const path = [...organisationParts(organisation), 'members', login]
  const { status } = await caller.send('GET', path)
  if (status === 204) return true
  if (status === 404) return false
  if (status === 303)
    throw new ForgeError(
      'forge-refused',
      `the token's account is no member of ${organisation}: it is shown public members only`,
      {
        hint: `Put the account into a team of ${organisation}.`,
      },
    )
  await caller.ok('GET', path)
  throw new ForgeError(
    'forge-broken',
    `the forge answered ${status} to whether somebody is a member of ${organisation}`,
  )
}

function orFalseWhenMissing(error: unknown): false {
  if (error instanceof ForgeError && error.code === 'forge-missing') return false
  throw error
}

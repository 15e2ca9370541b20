// cspell:ignore testme
import { expect, it } from 'vitest'
import { startGitea } from './gitea.ts'

it('is a real forge: push, fork, pull request, comment, stop and start', async () => {
  await using gitea = await startGitea()
  const { member, stranger, bot } = gitea.people
  const first = await gitea.makeRepository('coop/recipe', { 'compose.yml': 'services: {}\n' }, ['1.0.0+1.0'])
  const fork = await gitea.fork(stranger, 'coop/recipe')
  const head = await gitea.push({ as: stranger, repository: fork, branch: 'change', files: { 'a.txt': 'a\n' } })
  const pull = await gitea.openPull({ as: stranger, repository: 'coop/recipe', head: 'stranger:change' })
  expect(pull.head).toBe(head)
  expect(head).not.toBe(first)
  const id = await gitea.comment(member, 'coop/recipe', pull.number, '!testme')
  await gitea.editComment(member, 'coop/recipe', id, '!testme --quick')
  await gitea.stop()
  await gitea.start()
  const [comment] = await gitea.comments('coop/recipe', pull.number)
  expect(comment).toMatchObject({ id, body: '!testme --quick', author: 'member' })
  await gitea.api(bot, 'POST', `/repos/coop/recipe/statuses/${head}`, { state: 'success', context: 'cc-ci/testme' })
  expect(await gitea.statuses('coop/recipe', head)).toMatchObject([{ context: 'cc-ci/testme', state: 'success' }])
  const again = await gitea.push({ as: stranger, repository: fork, branch: 'change', files: { 'b.txt': 'b\n' } })
  await gitea.headIs('coop/recipe', pull.number, again)
  await gitea.forcePush({ as: stranger, repository: fork, branch: 'change', to: head })
  await gitea.headIs('coop/recipe', pull.number, head)
  await gitea.deleteComment(member, 'coop/recipe', id)
  expect(await gitea.comments('coop/recipe', pull.number)).toEqual([])
})

it('begins with a repository that takes pushes and pull requests, and dies when disposed of', async () => {
  const gitea = await startGitea()
  const { member } = gitea.people
  const head = await gitea.push({ as: member, repository: gitea.repository, branch: 'change', files: { a: 'a' } })
  const pull = await gitea.openPull({ as: member, repository: gitea.repository, head: 'change' })
  expect(pull.head).toBe(head)
  const next = await gitea.push({ as: member, repository: gitea.repository, branch: 'change', files: { a: 'b' } })
  await gitea.headIs(gitea.repository, pull.number, next)
  await gitea[Symbol.asyncDispose]()
  await expect(fetch(gitea.url)).rejects.toThrow()
})

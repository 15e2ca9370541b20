import { expect, onTestFinished, test } from 'vitest'
import { publishDue } from '../../../src/server/answer/publish.ts'
import { giteaForge } from '../../../src/server/forge/index.ts'
import { startGitea } from '../support/gitea.ts'
import { openScene } from '../support/scene.ts'

test('what a slow forge left no time for is left to whoever is handed it next', async () => {
  const gitea = await startGitea()
  onTestFinished(() => gitea[Symbol.asyncDispose]())
  const { parts, store } = await openScene()
  const forge = giteaForge({ baseUrl: gitea.url, token: gitea.people.bot.token })
  const commit = (await forge.resolveCommit(gitea.repository, 'main')) ?? ''
  const head = await gitea.push({
    ...{ as: gitea.people.member, repository: gitea.repository, branch: 'change', files: { a: 'b' } },
  })
  for (const one of [commit, head]) {
    const where = { repository: gitea.repository, commit: one, url: 'https://ci.example.org/runs/1' }
    await store.want({ kind: 'status', state: 'pending', description: 'queued', ...where })
  }
  let now = Date.now()
  const clock = { ...parts.clock, now: () => now }
  const slow: typeof forge.setStatus = async (...args) => {
    now += 20_000
    return forge.setStatus(...args)
  }
  const signal = new AbortController().signal
  const send = () => publishDue({ ...parts, clock, forge: { ...forge, setStatus: slow } }, signal)
  await send()
  expect(await store.unanswered()).toBe(1)
  now += 60_000
  await send()
  expect(await store.unanswered()).toBe(0)
  for (const one of [commit, head]) expect(await gitea.statuses(gitea.repository, one)).toHaveLength(1)
})

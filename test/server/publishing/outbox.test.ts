import { expect, onTestFinished, test } from 'vitest'
import { ForgeError } from '../../../src/server/contract/errors.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { sendPending } from '../../../src/server/publishing/outbox.ts'
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
    await store.setDesired({ kind: 'status', state: 'pending', description: 'queued', ...where })
  }
  let now = Date.now()
  const clock = { ...parts.clock, now: () => now }
  const slow: typeof forge.setStatus = async (...args) => {
    now += 20_000
    return forge.setStatus(...args)
  }
  const signal = new AbortController().signal
  const send = () => sendPending({ ...parts, clock, forge: { ...forge, setStatus: slow } }, signal)
  await send()
  expect(await store.countPending()).toBe(1)
  now += 60_000
  await send()
  expect(await store.countPending()).toBe(0)
  for (const one of [commit, head]) expect(await gitea.statuses(gitea.repository, one)).toHaveLength(1)
})

test('what the forge refuses for a day is given up, what it does not answer is not', async () => {
  const { parts, store } = await openScene()
  await store.setDesired({ kind: 'comment', repository: 'coop/moved', pull: 1, body: 'x' })
  const forge = giteaForge({ baseUrl: 'http://127.0.0.1:9', token: 'x'.repeat(20) })
  const late = {
    ...store,
    takePending: async () => (await store.takePending(Date.now() + 1e9, 9, 1)).map((due) => ({ ...due, tries: 150 })),
  }
  const send = (code: 'forge-gone' | 'forge-broken') => {
    const findComment = () => Promise.reject(new ForgeError(code, 'no'))
    return sendPending({ ...parts, store: late, forge: { ...forge, findComment } }, new AbortController().signal)
  }
  await send('forge-gone')
  expect(await store.countPending()).toBe(1)
  await send('forge-broken')
  expect(await store.countPending()).toBe(0)
})

import { appendFileSync, mkdirSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import type { ForgeStatus } from '../../../src/server/contract/forge.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { createPublisher } from '../../../src/server/publishing/publisher.ts'
import { openEventLog } from '../../../src/verdict/event-log.ts'
import type { TierId } from '../../../src/verdict/tiers.ts'
import { HEADER } from '../../verdict/passing-stream.ts'
import { startGitea } from '../support/gitea.ts'
import { openScene, requestFor } from '../support/scene.ts'

const GIB = 1024 ** 3

/** A run that continues at a real forge, whose events the test writes, and a publisher whose clock the test moves. */
async function stage() {
  const gitea = await startGitea()
  onTestFinished(() => gitea[Symbol.asyncDispose]())
  const { parts, store, settings } = await openScene({ forgeUrl: gitea.url, forgeToken: gitea.people.bot.token })
  let ahead = 0
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  const forge = giteaForge({ baseUrl: gitea.url, token: gitea.people.bot.token })
  const statuses: string[] = []
  const setStatus = async (repository: string, commit: string, status: ForgeStatus) => {
    statuses.push(status.description)
    await forge.setStatus(repository, commit, status)
  }
  const as = gitea.people.member
  const { repository } = gitea
  const commit = await gitea.push({ as, repository, branch: 'change', files: { a: 'b\n' } })
  const { number } = await gitea.openPull({ as, repository, head: 'change' })
  const request = requestFor({
    ...{ repository, commit, pull: { number, headRef: 'change', baseRef: 'main', comment: 1, author: 'member' } },
  })
  await store.add(request)
  const free = { worker: 'one', memoryBytes: GIB, freeBytes: GIB, harness: '0' }
  const claim = await store.claim(free, clock.now(), 3_600_000)
  const folder = runFolder(settings.state, claim?.folder ?? '')
  mkdirSync(folder.dir, { recursive: true })
  const log = openEventLog(folder.events, { clock: { now: () => 1_800_000_000_000 + ahead }, mask: (text) => text })
  onTestFinished(() => log.close())
  const stop = new AbortController()
  const publishing = createPublisher({ ...parts, clock, forge: { ...forge, setStatus } }).publish(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await publishing
  })
  return {
    ...{ statuses, log, folder },
    pass: (ms: number) => {
      ahead += ms
    },
    tier: (tier: TierId) => log.append({ type: 'tier.started', tier }),
    async told(words: string) {
      const look = async () => {
        const comment = (await gitea.comments(repository, number)).at(-1)?.body ?? ''
        const is = statuses.at(-1) === words && comment.includes(`: ${words}.`)
        return is ? ({ state: 'ready', value: null } as const) : ({ state: 'waiting', reason: comment } as const)
      }
      const seen = await waitFor(look, { name: words, timeoutMs: 30_000, everyMs: 100 })
      expect([seen.state, statuses]).toEqual(['ready', expect.arrayContaining([words])])
    },
  }
}

test('an active run says its tier, with few writes to the forge', async () => {
  const { statuses, log, folder, pass, tier, told } = await stage()
  await told('running')
  log.append({ type: 'run.started', ...HEADER, selected: ['install', 'upgrade', 'backup', 'restore'] })
  tier('install')
  pass(80_000)
  await told('running: install (1 of 4), begun after 0.0 s')
  tier('upgrade')
  // Not within 10 s of the last word, and what is over by then is passed over.
  pass(4000)
  appendFileSync(folder.events, 'no event\n')
  tier('backup')
  pass(4000)
  tier('restore')
  pass(80_000)
  await told('running: restore (4 of 4), begun after 1 min 28 s')
  expect(statuses).toHaveLength(3)
})

import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { draftsDir, generationsOf, homeOf, newestWhole } from '../../../src/history/canonicals/folders.ts'
import { removeDeadDrafts } from '../../../src/history/canonicals/store.ts'
import { verify } from '../../../src/history/stored-data/verification.ts'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { folder } from '../../recipe/throwaway.ts'
import { KEY, keep, store } from './material.ts'

const CHILD = new URL('keeping-child.ts', import.meta.url).pathname
const KILLS = 20

describe('a promotion that is killed', () => {
  it(`at least ${KILLS} times at a random moment leaves the old one or the new one, whole`, async () => {
    const state = await folder({})
    await keep(store(state), undefined, { runId: '20261123-191254-k3f9qa' })
    const home = homeOf(state, KEY)
    let drafts = 0
    let replaced = 0
    // Until the kills have met what they are about: on a busy machine a draft is there for a small part of the time.
    for (let kill = 0; kill < KILLS || drafts === 0 || replaced === 0; kill += 1) {
      const before = generationsOf(home)[0]?.runId
      const from = Date.UTC(2027, 0, 1 + kill)
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, state, String(from)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = once(child, 'exit')
      // From its first promotion on, the kill may meet any moment of the next ones.
      await once(child.stdout, 'data')
      await systemClock.sleep(randomInt(60))
      child.kill('SIGKILL')
      await exited
      const generations = generationsOf(home)
      // Each that has a name is whole: the old one may still be beside the new one.
      for (const kept of generations) expect(await verify(kept, null), kept.dir).toEqual({ kind: 'whole' })
      expect(generations.length).toBeGreaterThanOrEqual(1)
      expect(generations.length).toBeLessThanOrEqual(2)
      if (newestWhole(generations)?.runId !== before) replaced += 1
      drafts += readdirSync(draftsDir(state)).length
      await removeDeadDrafts(state)
      expect(readdirSync(draftsDir(state))).toEqual([])
    }
  })
})

import { beforeEach, expect, test, vi } from 'vitest'
import type { Engine } from '../../../src/engine/client.ts'
import { DiskGuard } from '../../../src/lifecycle/disk/guard.ts'

const GIB = 1024 ** 3

beforeEach(() => void vi.stubEnv('CC_CI_DISK_RESERVE', ''))

/** A guard over an engine elsewhere, whose disk and answers the test sets; each look is made when the test asks for it. */
function guarded(mostBytes = 10 * GIB) {
  let now = 0
  const said = { free: 900, away: null as Error | null, measured: null as Error | null }
  const measurements = new Set<number>()
  const engine = {
    info: async () => ({ rootDir: '' }),
    removeContainer: async () => undefined,
    runContainer: async () => 'gauge',
    async exec() {
      if (said.away) throw said.away
      return { stdout: `${said.free} 1000 ${GIB}` }
    },
    async containers() {
      measurements.add(now)
      if (said.measured) throw said.measured
      return []
    },
    ...{ tasks: async () => [], services: async () => [] },
    objects: { list: async () => [] },
  } as unknown as Engine
  const guard = new DiskGuard(engine, {
    ...{ run: { stack: 's', runId: 'r', image: 'toolbox' }, most: mostBytes, foreign: false },
    clock: { now: () => now * 1000, sleep: () => new Promise(() => undefined) },
  })
  return {
    ...{ guard, said, measurements },
    async lookAt(second: number) {
      now = second
      return guard.found()
    },
  }
}

test('a disk that answers was always watched', async () => {
  const { guard, lookAt } = guarded()
  for (const second of [0, 1, 200]) expect(await lookAt(second)).toBeNull()
  expect(await guard.blindness()).toBeNull()
})

test('looks that fail are told with their reason, and end nothing', async () => {
  const { guard, said, lookAt } = guarded()
  await lookAt(0)
  said.away = new Error('no answer in 20 s')
  for (const second of [2, 4, 60]) expect(await lookAt(second)).toBeNull()
  said.away = null
  expect(await lookAt(62)).toBeNull()
  expect(await guard.blindness()).toEqual({
    ...{ looks: 5, failed: 3, longestMs: 62_000, never: false, why: 'no answer in 20 s' },
  })
})

test('who asks it after looks that all failed has it look once more', async () => {
  const { guard, said, lookAt } = guarded()
  said.away = new Error('gone')
  await lookAt(0)
  expect(await guard.blindness()).toMatchObject({ looks: 2, never: true })
  said.away = null
  expect(await guard.blindness()).toMatchObject({ looks: 3, never: false })
})

test('what cannot be measured although it should be is not watched; it is tried again, not all the time, until it can', async () => {
  const { guard, said, measurements, lookAt } = guarded()
  await lookAt(0)
  said.free -= 11
  said.measured = new Error('du said nothing')
  for (const second of [1, 2, 3, 7, 8]) expect(await lookAt(second)).toBeNull()
  expect([...measurements]).toEqual([1, 7])
  expect(await guard.blindness()).toMatchObject({ failed: 5, longestMs: 8_000, never: false, why: 'du said nothing' })
  said.measured = null
  await lookAt(20)
  await lookAt(100)
  expect([...measurements]).toEqual([1, 7, 20])
  expect(await guard.blindness()).toMatchObject({ failed: 5, longestMs: 20_000 })
})

test('a disk that runs short ends the run also where nobody can say who fills it', async () => {
  const { said, guard, lookAt } = guarded()
  await lookAt(0)
  said.free = 0
  said.measured = new Error('du said nothing')
  const full = await lookAt(100)
  expect(full).toMatchObject({ outcome: 'unverified', why: { code: 'disk-full', blame: 'infra' } })
  expect(full?.why.message).toContain('could not be measured')
  expect(guard.full).toBe(full)
})

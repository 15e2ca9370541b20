import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Canary } from '../../src/canaries/canary.ts'
import { passes } from '../../src/canaries/expect.ts'
import type { CanaryRun, runCanary } from '../../src/canaries/run-canary.ts'
import { selftest } from '../../src/canaries/selftest.ts'
import { NO_TIMES } from '../../src/canaries/times.ts'

const canary: Canary = { about: 'Nothing is wrong.', expect: passes() }
const three = ['a', 'b', 'c'].map((name) => [name, canary] as const)
const ended = (name: string, over: Partial<CanaryRun> = {}): CanaryRun => ({
  ...{ name, found: null, differences: [], ms: 1, times: NO_TIMES, kept: null, said: '' },
  ...over,
})

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cc-ci-selftest-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const options = (run: typeof runCanary, over: object = {}) => ({
  ...{
    canaries: three,
    times: () => 1,
    jobs: 2,
    dir: join(root, 'selftest'),
    signal: new AbortController().signal,
    run,
  },
  ...over,
})

it('runs each as often as asked, so many at a time, none beside itself, each in a folder of its own', async () => {
  const [running, dirs] = [[] as string[], new Set<string>()]
  let most = 0
  const runs = await selftest(
    options(
      async (name, _, { dir }) => {
        expect(running).not.toContain(name)
        running.push(name)
        most = Math.max(most, running.length)
        dirs.add(dir)
        await pause(5)
        running.splice(running.indexOf(name), 1)
        return ended(name)
      },
      { times: () => 4 },
    ),
  )
  expect(runs.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c'].flatMap((name) => Array<string>(4).fill(name)))
  expect({ most, dirs: dirs.size }).toEqual({ most: 2, dirs: 12 })
})

it('runs some more often than others, in rounds', async () => {
  const canaries = three.map(([name]) => [name, { ...canary, about: name }] as const)
  const times = ({ about }: Canary) => ({ a: 1, b: 3 })[about] ?? 2
  const runs = await selftest(options(async (name) => ended(name), { canaries, times, jobs: 1 }))
  expect(runs.map(({ name }) => name).join(' ')).toBe('a b c b c b')
})

it('keeps its folder only where something was not as expected', async () => {
  await selftest(options(async (name) => ended(name)))
  expect(existsSync(join(root, 'selftest'))).toBe(false)
  await selftest(options(async (name, _, { dir }) => ended(name, { differences: ['x'], kept: dir })))
  expect(existsSync(join(root, 'selftest'))).toBe(true)
})

it('begins nothing more once it is stopped, and says nothing of those that were', async () => {
  const stop = new AbortController()
  const begun: string[] = []
  const runs = await selftest(
    options(
      async (name) => {
        begun.push(name)
        if (begun.length === 1) return ended(name)
        stop.abort()
        return null
      },
      { jobs: 1, signal: stop.signal },
    ),
  )
  expect(begun).toEqual(['a', 'b'])
  expect(runs.map(({ name }) => name)).toEqual(['a'])
})

import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildLock, buildsDir, packagesDir } from '../../../src/history/attribution/tool-build.ts'
import { removeUnusedBuilds } from '../../../src/history/attribution/unused-builds.ts'
import { tryMachineLock } from '../../../src/lib/process/machine-lock.ts'
import { folder } from '../../recipe/throwaway.ts'
import { DAY_MS, NOW } from '../retention/generated.ts'

const commit = (letter: string) => letter.repeat(40)

interface Build {
  readonly commit: string
  readonly packages: string
  /** Since its last use. */
  readonly days: number
  /** False: it was killed while it was made. */
  readonly ready?: boolean
}

/** A state folder with these builds, each with a run of its own. */
async function stateWith(...builds: readonly Build[]): Promise<string> {
  const state = await folder({})
  for (const { commit, packages, days, ready = true } of builds) {
    const dir = join(buildsDir(state), commit)
    const modules = join(packagesDir(state), packages, 'node_modules')
    for (const made of [join(dir, 'checkout'), join(dir, 'state', 'runs', 'a-run'), modules])
      mkdirSync(made, { recursive: true })
    writeFileSync(join(modules, 'a.js'), 'x'.repeat(100))
    symlinkSync(modules, join(dir, 'checkout', 'node_modules'))
    writeFileSync(join(dir, 'ready.json'), '{}')
    const at = new Date(NOW - days * DAY_MS)
    utimesSync(join(dir, ready ? 'ready.json' : 'checkout'), at, at)
    utimesSync(join(packagesDir(state), packages), at, at)
  }
  return state
}

const ask = (state: string, more: { olderThanMs?: number; dryRun?: boolean } = {}) =>
  removeUnusedBuilds({ state, olderThanMs: 30 * DAY_MS, now: NOW, dryRun: false, ...more })

test('what was not used for so long goes, its runs and what others use stay', async () => {
  const old = { commit: commit('a'), packages: 'shared', days: 31 }
  const alone = { commit: commit('b'), packages: 'own', days: 40 }
  const state = await stateWith(old, alone, { commit: commit('c'), packages: 'shared', days: 2 })
  const names = (done: Awaited<ReturnType<typeof ask>>) => done.map(({ kind, name }) => `${kind} ${name}`)
  const would = await ask(state, { dryRun: true })
  expect(names(would)).toEqual([`checkout ${old.commit}`, `checkout ${alone.commit}`, 'packages own'])
  expect(would.at(-1)?.bytes).toBe(100)
  expect(existsSync(join(packagesDir(state), 'own'))).toBe(true)
  expect(await ask(state)).toEqual(would)
  expect(existsSync(join(packagesDir(state), 'own'))).toBe(false)
  expect(existsSync(join(packagesDir(state), 'shared', 'node_modules', 'a.js'))).toBe(true)
  expect(existsSync(join(buildsDir(state), old.commit, 'state', 'runs', 'a-run'))).toBe(true)
  expect(existsSync(join(buildsDir(state), old.commit, 'ready.json'))).toBe(false)
  expect(existsSync(join(buildsDir(state), commit('c'), 'checkout'))).toBe(true)
  expect(await ask(state)).toEqual([])
})

test('what is in use, or was within a day, stays whatever is asked for', async () => {
  const state = await stateWith({ commit: commit('a'), packages: 'one', days: 0.5 })
  expect(await ask(state, { olderThanMs: 0 })).toEqual([])
  const busy = await stateWith({ commit: commit('b'), packages: 'one', days: 50 })
  using _held = await tryMachineLock(buildLock(join(buildsDir(busy), commit('b'))))
  const done = await ask(busy)
  expect(done).toMatchObject([{ kind: 'checkout', failure: 'an attribution uses it again' }])
  expect(existsSync(join(buildsDir(busy), commit('b'), 'checkout'))).toBe(true)
})

test('a build that was killed while it was made goes by the age of its checkout', async () => {
  const state = await stateWith({ commit: commit('a'), packages: 'one', days: 50, ready: false })
  const dir = join(buildsDir(state), commit('a'))
  rmSync(join(dir, 'ready.json'))
  renameSync(join(dir, 'checkout'), join(dir, 'checkout.making-abcdef'))
  expect((await ask(state)).map(({ kind }) => kind)).toEqual(['checkout', 'packages'])
})

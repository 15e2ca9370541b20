// cspell:ignore mktree
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { type TidyOrder, tidyMirrors } from '../../../src/server/forge/tidy-mirrors.ts'

const DAY_MS = 24 * 3_600_000
const NOW = Date.parse('2030-01-10T00:00:00Z')
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cc-ci-tidy-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

async function runGit(cwd: string, args: readonly string[], input = ''): Promise<string> {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org']
  return (await execOk('git', [...who, ...args], { cwd, input, env: inheritedEnv(), timeoutMs: 120_000 })).stdout
}

/** A mirror with a branch, and half a megabyte that only a pull request has. */
async function mirror(mirrorDir: string, repository: string, usedDaysAgo: number): Promise<string> {
  const place = join(mirrorDir, `${repository}.git`)
  await mkdir(place, { recursive: true })
  await runGit(place, ['init', '-q', '--bare', '.'])
  const commit = async (bytes: Buffer, ref: string) => {
    await writeFile(join(dir, 'blob'), bytes)
    const blob = (await runGit(place, ['hash-object', '-w', join(dir, 'blob')])).trim()
    const tree = (await runGit(place, ['mktree'], `100644 blob ${blob}\tfile\n`)).trim()
    const id = (await runGit(place, ['commit-tree', '-m', ref, tree])).trim()
    await runGit(place, ['update-ref', ref, id])
  }
  await commit(Buffer.from('main'), 'refs/heads/main')
  await commit(randomBytes(500_000), 'refs/pull/7/head')
  const used = (NOW - usedDaysAgo * DAY_MS) / 1000
  await writeFile(join(place, 'cc-ci-used'), '')
  await utimes(join(place, 'cc-ci-used'), used, used)
  return place
}

const tidied = (mirrorDir: string, rest: Partial<TidyOrder> = {}) =>
  tidyMirrors({ mirrorDir, isEnrolled: async () => true, maxBytes: null, now: NOW, ...rest })

it('what only pull requests had goes once a day, and what was not used since is left alone', async () => {
  const mirrorDir = join(dir, 'packs')
  const place = await mirror(mirrorDir, 'coop/shop', 0)
  const refs = () => runGit(place, ['for-each-ref', '--format=%(refname)'])
  expect((await tidied(mirrorDir)).bytes).toBeLessThan(200_000)
  expect(await refs()).toBe('refs/heads/main\n')
  expect(await runGit(place, ['fsck', '--full'])).toBe('')
  expect(await runGit(place, ['cat-file', '-p', 'refs/heads/main:file'])).toBe('main')
  expect(await tidied(mirrorDir)).toMatchObject({ packed: [], removed: [] })

  const used = async (at: number) => utimes(join(place, 'cc-ci-used'), at / 1000, at / 1000)
  await used(NOW + 1000)
  expect((await tidied(mirrorDir, { now: NOW + 2000 })).packed).toEqual([])
  expect((await tidied(mirrorDir, { now: NOW + 2000, largeBytes: 1000 })).packed).toEqual(['coop/shop'])
  await used(NOW + 3000)
  expect((await tidied(mirrorDir, { now: NOW + 2 * DAY_MS })).packed).toEqual(['coop/shop'])
})

it('mirrors of what is enrolled no more go, and those that were not used for longest where there is no room', async () => {
  const mirrorDir = join(dir, 'room')
  const [old, young, gone] = [
    await mirror(mirrorDir, 'coop/old', 9),
    await mirror(mirrorDir, 'coop/young', 1),
    await mirror(mirrorDir, 'other/gone', 0),
  ]
  await mkdir(join(mirrorDir, 'coop', 'half.git.gone-abcdef'))
  const isEnrolled = async (name: string) => name.startsWith('coop/')
  const first = await tidied(mirrorDir, { isEnrolled })
  expect(first.removed).toEqual([{ repository: 'other/gone', why: 'not enrolled' }])
  expect((await tidied(mirrorDir, { isEnrolled, maxBytes: first.bytes })).removed).toEqual([])
  const second = await tidied(mirrorDir, { isEnrolled, maxBytes: first.bytes - 1 })
  expect(second.removed).toEqual([{ repository: 'coop/old', why: 'no room' }])
  expect([old, young, gone, join(mirrorDir, 'coop', 'half.git.gone-abcdef')].map((place) => existsSync(place))).toEqual(
    [false, true, false, false],
  )
  expect(await tidied(join(dir, 'nowhere'))).toEqual({ packed: [], removed: [], bytes: 0 })
})

it('one that cannot be packed goes: it is only a copy', async () => {
  const mirrorDir = join(dir, 'broken')
  const place = await mirror(mirrorDir, 'coop/broken', 0)
  await writeFile(join(place, 'refs/heads/main'), 'f'.repeat(40))
  expect((await tidied(mirrorDir)).removed).toEqual([{ repository: 'coop/broken', why: 'cannot be packed' }])
  expect(existsSync(place)).toBe(false)
})

import { expect, test } from 'vitest'
import { NO_ADDITIONS } from '../../src/deploy/deployer.ts'
import { newAppRelease } from '../../src/lifecycle/planning/release.ts'
import { readTree } from '../../src/recipe/files/tree.ts'
import { folder } from '../recipe/throwaway.ts'
import { APP, compose, DEFAULTS, releaseOf } from './releases.ts'

const FILES = { 'compose.yml': compose() }

test('no release has raw packets by itself', async () => {
  expect((await releaseOf(FILES)).added.rawSockets).toBe(false)
})

test.each([
  ['the settings', { ...DEFAULTS.policy, allow: ['raw-sockets' as const] }, NO_ADDITIONS],
  ['the command line', DEFAULTS.policy, { ...NO_ADDITIONS, rawSockets: true }],
])('%s of the operator allow it', async (_, policy, added) => {
  const source = { app: APP, tree: await readTree(await folder(FILES)), commit: 'a'.repeat(40) }
  const settings = { ...DEFAULTS, policy }
  const release = await newAppRelease({ ...source, chaos: true, dirty: false, overlay: null, added }, settings)
  expect(release.added.rawSockets).toBe(true)
})

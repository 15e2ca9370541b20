import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  canonicalVersions,
  draftsDir,
  generationsIn,
  generationsOf,
  homeOf,
} from '../../../src/history/canonicals/folders.ts'
import { removeDeadDrafts, removeVersion } from '../../../src/history/canonicals/store.ts'
import { readPins } from '../../../src/history/retention/pins.ts'
import { announceApp, reserveRun, setStatus } from '../../../src/lifecycle/run-folder.ts'
import type { Canonical, CanonicalLookup } from '../../../src/lifecycle/stored-data/canonical.ts'
import { folder } from '../../recipe/throwaway.ts'
import { app, contentOf, IMAGE, KEY, keep, RUN, SECRETS, store } from './material.ts'

const LATER = '20261124-191254-k3f9qb'

function usable(found: CanonicalLookup): Canonical {
  if (found.kind === 'usable') return found.canonical
  throw new Error(`not usable: ${JSON.stringify(found)}`)
}

const why = (found: CanonicalLookup) => ('why' in found ? found.why : found.kind)

describe('a canonical', () => {
  it('is lent as it was kept: data, secrets, environment, names', async () => {
    const state = await folder({})
    const content = randomBytes(1_000_000)
    await keep(store(state), content)
    const lent = usable(await store(state).find(KEY))
    expect(lent).toMatchObject({ ...KEY, ...app(), volumes: [{ volume: 'data', files: 1, bytes: content.length }] })
    expect(lent.secrets).toEqual(SECRETS)
    expect((await contentOf(lent.open('data'))).equals(content)).toBe(true)
    expect(canonicalVersions(state, KEY)).toEqual([KEY.version])
  })

  it('is for its owner alone, with no secret in the manifest', async () => {
    const state = await folder({})
    await keep(store(state))
    const [kept] = generationsIn(state)
    const files = readdirSync(join(state, 'canonicals'), { recursive: true, withFileTypes: true })
    for (const entry of files) {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777
      expect(mode, entry.name).toBe(entry.isDirectory() ? 0o700 : 0o600)
    }
    const manifest = readFileSync(join(kept?.dir ?? '', 'manifest.json'), 'utf8')
    for (const secret of [...SECRETS.values.values(), ...SECRETS.env.values()]) expect(manifest).not.toContain(secret)
  })

  it('replaces the one before, and no other version or recipe', async () => {
    const state = await folder({})
    const other = { ...KEY, version: '2.0.0+1.2', commit: 'b'.repeat(40) }
    const fork = { ...KEY, origin: 'https://git.example.org/somebody/shop.git' }
    await keep(store(state))
    await keep(store(state), undefined, { key: other })
    await keep(store(state), undefined, { key: fork })
    const content = randomBytes(1000)
    await keep(store(state), content, { runId: LATER })
    expect(generationsOf(homeOf(state, KEY)).map(({ runId }) => runId)).toEqual([LATER])
    const pinned = readPins(state)
    expect([...pinned.keys()].sort()).toEqual([RUN, LATER].sort())
    expect(pinned.get(LATER)).toMatchObject([
      { owner: 'canonicals', reason: `its data is the canonical of ${KEY.recipe} ${KEY.version}` },
    ])
    expect((await contentOf(usable(await store(state).find(KEY)).open('data'))).equals(content)).toBe(true)
    expect(generationsIn(state).length).toBe(3)
    expect(canonicalVersions(state, KEY)).toEqual(['2.0.0+1.2', '1.0.0+1.2'])
    expect(usable(await store(state).find(fork)).origin).toBe(fork.origin)
  })

  it('is lent to one at a time, and neither replaced nor removed meanwhile', async () => {
    const state = await folder({})
    await keep(store(state))
    const lent = usable(await store(state).find(KEY))
    expect(why(await store(state).find(KEY))).toMatch(/^it is lent to another run/)
    expect(await removeVersion(homeOf(state, KEY))).toBe(false)
    await keep(store(state, { budgetBytes: 310_000 }), randomBytes(300_000), { runId: LATER })
    // The new one is beside it; what was lent can be read to its end.
    expect(generationsOf(homeOf(state, KEY)).map(({ runId }) => runId)).toEqual([LATER, RUN])
    expect((await contentOf(lent.open('data'))).length).toBe(300_000)
  })

  it('is lent to nobody while another run has its app, or may have left it', async () => {
    const state = await folder({})
    await keep(store(state))
    const { domain, stack } = app()
    const run = reserveRun(state, LATER, '2026-11-24T19:12:54.000Z')
    announceApp(run, { recipe: 'shop', commit: KEY.commit, stack, domain })
    expect(why(await store(state).find(KEY))).toBe(
      `it is lent to run ${LATER}: its app has a name that only one run can have`,
    )
    // Its process has died, and what it left may still be there.
    rmSync(run.alive)
    expect((await store(state).find(KEY)).kind).toBe('unusable')
    setStatus(run, 'ended')
    expect((await store(state).find(KEY)).kind).toBe('usable')
  })

  it.each<[string, (dir: string) => void, RegExp]>([
    [
      'a volume',
      (dir) => writeFileSync(join(dir, 'volumes', '0.tar.zst'), 'x'),
      /damaged: the volume data is not what/,
    ],
    [
      'one bit of a volume',
      (dir) => {
        const file = join(dir, 'volumes', '0.tar.zst')
        const bytes = readFileSync(file)
        bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000)
        writeFileSync(file, bytes)
      },
      /damaged: the volume data/,
    ],
    [
      'its secrets',
      (dir) => writeFileSync(join(dir, 'secrets.json'), '{"env":{},"values":{}}'),
      /damaged: its secrets/,
    ],
    ['its manifest', (dir) => writeFileSync(join(dir, 'manifest.json'), '{"format":1}'), /its manifest cannot be read/],
  ])('whose %s was changed is not used', async (_, damage, expected) => {
    const state = await folder({})
    await keep(store(state))
    damage(generationsIn(state)[0]?.dir ?? '')
    expect(why(await store(state).find(KEY))).toMatch(expected)
    // Looking at it does not keep it from others.
    expect(await removeVersion(homeOf(state, KEY))).toBe(true)
    expect(generationsIn(state)).toEqual([])
  })

  it('whose image has moved is stale; one whose image is not here may still be the same', async () => {
    const state = await folder({})
    await keep(store(state))
    const moved = store(state, { imageNow: async () => `sha256:${'2'.repeat(64)}` })
    expect(why(await moved.find(KEY))).toBe(
      `it is stale: image ${IMAGE.ref} moved: 111111111111 then, 222222222222 now`,
    )
    expect((await store(state, { imageNow: async () => null }).find(KEY)).kind).toBe('usable')
  })

  it('of a tag that was moved is not used', async () => {
    const state = await folder({})
    await keep(store(state))
    const found = await store(state).find({ ...KEY, commit: 'b'.repeat(40) })
    expect(why(found)).toBe('it was taken of aaaaaaaa, and the tag is at bbbbbbbb now')
  })

  it('that does not fit is not begun; what makes room is what was used least', async () => {
    const state = await folder({})
    const small = store(state, { budgetBytes: 650_000 })
    await expect(small.begin(KEY, app(), SECRETS, 650_001)).rejects.toMatchObject({ code: 'canonical-no-room' })
    expect(existsSync(draftsDir(state))).toBe(false)
    for (const [index, recipe] of ['one', 'two', 'three'].entries())
      await keep(small, randomBytes(300_000), { key: { ...KEY, recipe }, runId: `2026112${index}-191254-k3f9qa` })
    expect(generationsIn(state).map(({ manifest }) => manifest?.recipe.name)).toEqual(
      expect.arrayContaining(['two', 'three']),
    )
    expect(generationsIn(state).length).toBe(2)
  })
})

describe('a draft', () => {
  it('that is discarded, or whose copy fails, leaves nothing and takes nothing away', async () => {
    const state = await folder({})
    const content = randomBytes(1000)
    await keep(store(state), content)
    const draft = await store(state).begin(KEY, app(LATER), SECRETS, 10)
    const broken = draft.add({ volume: 'data', files: 1, bytes: 10 }, async (output) => {
      await output(Buffer.from('half'))
      throw new Error('the engine is gone')
    })
    await expect(broken).rejects.toThrow('the engine is gone')
    await draft.discard()
    await draft.discard()
    expect(readdirSync(draftsDir(state))).toEqual([])
    expect((await contentOf(usable(await store(state).find(KEY)).open('data'))).equals(content)).toBe(true)
  })

  it('of a run that lives is left alone; one of a dead run is removed', async () => {
    const state = await folder({})
    reserveRun(state, LATER, '2026-11-24T19:12:54.000Z')
    for (const id of [LATER, RUN]) mkdirSync(join(draftsDir(state), id), { recursive: true })
    await removeDeadDrafts(state)
    expect(readdirSync(draftsDir(state))).toEqual([LATER])
  })
})

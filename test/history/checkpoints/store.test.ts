import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CheckpointOptions, collectCheckpoints, openCheckpoints } from '../../../src/history/checkpoints/store.ts'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { announceApp, reserveRun, setStatus } from '../../../src/lifecycle/run-folder.ts'
import type { CheckpointFacts } from '../../../src/lifecycle/stored-data/checkpoint.ts'
import { folder } from '../../recipe/throwaway.ts'
import { app, contentOf, IMAGE, inPieces, RUN, SECRETS } from '../canonicals/material.ts'

const OTHER = '20261124-191254-k3f9qb'
const FACTS: CheckpointFacts = {
  recipe: { name: 'shop', commit: 'a'.repeat(40), dirty: false },
  after: 'backup',
  request: { base: 'auto', only: ['restore'] },
  digests: { base: null, head: { environment: '0123456789abcdef' } },
}

function store(state: string, options: Partial<CheckpointOptions> = {}) {
  return openCheckpoints({ state, budgetBytes: 1024 ** 3, imageNow: async () => IMAGE.id, ...options })
}

/** A run that has ended, with a checkpoint. */
async function kept(
  state: string,
  { run = RUN, content = randomBytes(50_000), after = FACTS.after, budgetBytes = 1024 ** 3 } = {},
): Promise<void> {
  if (!existsSync(join(state, 'runs', run))) ended(state, run)
  const draft = await store(state, { budgetBytes }).begin({ ...FACTS, after }, app(run), SECRETS, content.length)
  await draft.add({ volume: 'data', files: 1, bytes: content.length }, (output) => inPieces(content, output))
  await draft.commit()
}

function ended(state: string, run: string): void {
  const of = reserveRun(state, run, new Date().toISOString())
  const { domain, stack } = app(run)
  announceApp(of, { recipe: 'shop', commit: 'a'.repeat(40), stack, domain })
  setStatus(of, 'ended')
}

const rejected = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing was thrown',
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  )

describe('a checkpoint', () => {
  it('is lent as it was kept', async () => {
    const state = await folder({})
    const content = randomBytes(400_000)
    await kept(state, { content })
    const lent = await store(state).lend(RUN)
    expect(lent).toMatchObject(FACTS)
    expect(lent.data).toMatchObject({
      ...app(),
      volumes: [{ volume: 'data', bytes: content.length }],
      secrets: SECRETS,
    })
    expect((await contentOf(lent.data.open('data'))).equals(content)).toBe(true)
  })

  it('takes the place of the one before of the same run, and of no other', async () => {
    const state = await folder({})
    await kept(state, { after: 'install' })
    await kept(state, { run: OTHER })
    await kept(state, { after: 'upgrade' })
    expect(readdirSync(join(state, 'checkpoints', RUN))).toEqual(['upgrade'])
    expect(store(state).runs()).toEqual([OTHER, RUN])
    expect((await store(state).lend(RUN)).after).toBe('upgrade')
    expect(store(state).storedAfter(RUN)).toBe('upgrade')
  })

  it('is lent to one at a time', async () => {
    const state = await folder({})
    await kept(state)
    await store(state).lend(RUN)
    expect(await rejected(store(state).lend(RUN))).toMatch(/^run-not-over: another run has the app of run/)
    await collectCheckpoints(state, 0, systemClock)
    expect(store(state).runs()).toEqual([RUN])
  })

  it('of a run whose app is still up is not lent', async () => {
    const state = await folder({})
    await kept(state)
    setStatus({ dir: join(state, 'runs', RUN), alive: '' } as never, 'kept')
    expect(await rejected(store(state).lend(RUN))).toMatch(/^run-not-over: run .* has left its app up/)
  })

  it.each([
    ['a volume that was changed', (dir: string) => writeFileSync(join(dir, 'volumes/0.tar.zst'), 'x'), 'damaged'],
    ['secrets that were changed', (dir: string) => writeFileSync(join(dir, 'secrets.json'), '{}'), 'damaged'],
    [
      'a manifest that cannot be read',
      (dir: string) => writeFileSync(join(dir, 'manifest.json'), '{'),
      'no app is kept',
    ],
  ])('with %s is not lent', async (_, harm, why) => {
    const state = await folder({})
    await kept(state)
    harm(join(state, 'checkpoints', RUN, 'backup'))
    const said = await rejected(store(state).lend(RUN))
    expect(said).toMatch(/^no-checkpoint: /)
    expect(said).toContain(why)
  })

  it('whose image has moved is not lent', async () => {
    const state = await folder({})
    await kept(state)
    const moved = store(state, { imageNow: async () => `sha256:${'2'.repeat(64)}` })
    expect(await rejected(moved.lend(RUN))).toMatch(/^no-checkpoint: .* is stale: image shop:1 moved/)
  })

  it('of which there is none says which there are', async () => {
    const state = await folder({})
    await kept(state)
    const error = await store(state)
      .lend(OTHER)
      .catch((thrown: { hint: string }) => thrown)
    expect(error).toMatchObject({ code: 'no-checkpoint', hint: expect.stringContaining(`There is one of: ${RUN}.`) })
  })
})

describe('room for checkpoints', () => {
  it('is bounded: what is larger by itself is not kept, else the oldest go', async () => {
    const state = await folder({})
    expect(store(state).storedAfter(RUN)).toBeNull()
    expect(await rejected(kept(state, { budgetBytes: 1000 }))).toMatch(
      /^checkpoint-no-room: .*all checkpoints may take/,
    )
    await kept(state)
    await kept(state, { run: OTHER, budgetBytes: 60_000 })
    expect(store(state).runs()).toEqual([OTHER])
  })

  it('is not taken for longer than a week, nor by a run that is gone', async () => {
    const state = await folder({})
    await kept(state)
    await kept(state, { run: OTHER })
    const week = Date.now() / 1000 - 8 * 24 * 3600
    utimesSync(join(state, 'checkpoints', RUN), week, week)
    expect(await collectCheckpoints(state, 1024 ** 3, systemClock)).toBe(1)
    expect(store(state).runs()).toEqual([OTHER])
    writeFileSync(join(state, 'runs', OTHER, 'run.json'), '')
    expect(await collectCheckpoints(state, 1024 ** 3, systemClock)).toBe(1)
    expect(store(state).runs()).toEqual([])
  })

  it('is given back by drafts of dead runs, not by those of living ones', async () => {
    const state = await folder({})
    ended(state, RUN)
    const living = reserveRun(state, OTHER, new Date().toISOString())
    expect(existsSync(living.dir)).toBe(true)
    const taking = join(state, 'checkpoints', '.taking')
    for (const name of [RUN, OTHER, 'removed-abcdefghij']) mkdirSync(join(taking, name), { recursive: true })
    await collectCheckpoints(state, 1024 ** 3, systemClock)
    expect(readdirSync(taking)).toEqual([OTHER])
  })

  it('has no secret in the manifest', async () => {
    const state = await folder({})
    await kept(state)
    const manifest = readFileSync(join(state, 'checkpoints', RUN, 'backup', 'manifest.json'), 'utf8')
    for (const secret of [...SECRETS.values.values(), ...SECRETS.env.values()]) expect(manifest).not.toContain(secret)
  })
})

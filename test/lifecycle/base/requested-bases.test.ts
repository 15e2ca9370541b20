import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parseChain } from '../../../src/lifecycle/base/chain.ts'
import { newestOfMinors } from '../../../src/lifecycle/base/minors.ts'
import { planLegs } from '../../../src/lifecycle/base/planned-legs.ts'
import { legsOf, parseBases } from '../../../src/lifecycle/base/requested-bases.ts'
import { checkOutHead, type PlanRequest, planRun, type RunPlan } from '../../../src/lifecycle/plan.ts'
import { commit, folder, git, repository } from '../../recipe/throwaway.ts'
import { compose } from '../releases.ts'

describe('what --base asks for', () => {
  it.each<[string, ReturnType<typeof parseBases>]>([
    ['auto', { kind: 'one', base: 'auto' }],
    ['1.2.0+3.4', { kind: 'one', base: '1.2.0+3.4' }],
    ['1.2.0..1.3.0', { kind: 'one', base: '1.2.0..1.3.0' }],
    ['all-minors', { kind: 'several', requested: ['all-minors'] }],
    ['1.2.0, 1.3.0,1.2.0', { kind: 'several', requested: ['1.2.0', '1.3.0'] }],
    ['1.2.0..,all-minors', { kind: 'several', requested: ['1.2.0..', 'all-minors'] }],
  ])('%s', (text, asked) => expect(parseBases(text)).toEqual(asked))

  it.each<[string, string]>([
    ['1.2.0,', 'bad-bases'],
    ['1.2.0,auto', 'bad-bases'],
    ['none,1.2.0', 'bad-bases'],
    ['1.2.0,..1.3.0', 'bad-chain'],
    [Array.from({ length: 51 }, (_, minor) => `1.${minor}.0`).join(','), 'bad-bases'],
  ])('not %s', (text, code) => expect(() => parseBases(text)).toThrow(expect.objectContaining({ code })))
})

describe('a chain', () => {
  it.each<[string, ReturnType<typeof parseChain>]>([
    ['1.2.0', null],
    ['feature/x', null],
    ['1.2.0..head', { first: '1.2.0', stops: [], open: false }],
    ['1.2.0..1.3.0', { first: '1.2.0', stops: ['1.3.0'], open: false }],
    ['1.2.0..1.3.0..head', { first: '1.2.0', stops: ['1.3.0'], open: false }],
    ['1.2.0..', { first: '1.2.0', stops: [], open: true }],
  ])('%s', (text, chain) => expect(parseChain(text)).toEqual(chain))

  it.each([
    ['..1.3.0', 'has no name'],
    ['1.2.0....1.3.0', 'has no name'],
    ['auto..1.3.0', 'auto is no release'],
    ['1.2.0..head..1.3.0', 'head is no release'],
    ['1.2.0..1.3.0..', 'behind the first release only'],
    [Array.from({ length: 21 }, (_, minor) => `1.${minor}.0`).join('..'), 'names 21 releases'],
  ])('not %s', (text, why) => expect(() => parseChain(text)).toThrow(why))
})

test('the newest patch of each minor is that of the recipe, whatever the application calls itself', () => {
  const tags = ['2.0.0+9', '1.2.10+4', '1.2.9+5', '1.2.0+8', '1.0.3+7', 'nightly', '0.9.0-rc1+1']
  const newest = newestOfMinors(tags.map((version) => ({ version })))
  expect(newest.map(({ version }) => version)).toEqual(['2.0.0+9', '1.2.10+4', '1.0.3+7', '0.9.0-rc1+1'])
})

const files = (tag: string, nginx = tag) => ({
  'compose.yml': compose({ image: `nginx:${nginx}`, version: tag }),
  '.env.sample': 'DOMAIN=web.example.org\n',
})

async function release(dir: string, tag: string, nginx?: string): Promise<void> {
  await commit(dir, tag, files(tag, nginx))
  await git(dir, 'tag', '-a', '-m', 'x', tag)
}

/** 1.0.0, 1.0.1, 1.1.0, 1.2.0 (which runs the same as 1.1.0), 2.0.0, then head; 1.3.0 on a branch of its own, 3.0.0 after head. */
async function recipe(): Promise<string> {
  const dir = await repository(files('0.0.1', '0'))
  for (const tag of ['1.0.0+1', '1.0.1+1', '1.1.0+1']) await release(dir, tag, tag.replace('+', '-'))
  await release(dir, '1.2.0+1', '1.1.0-1')
  await release(dir, '2.0.0+1', '2')
  await git(dir, 'checkout', '-q', '-b', 'elsewhere', '1.2.0+1')
  await release(dir, '1.3.0+1', '1.3')
  await git(dir, 'checkout', '-q', 'main')
  await commit(dir, 'head', files('2.0.0+1', 'head'))
  await git(dir, 'branch', 'topic')
  await release(dir, '3.0.0+1', '3')
  await git(dir, 'checkout', '-q', 'topic')
  return dir
}

async function request(dir: string, base: string): Promise<PlanRequest> {
  const at = await folder({})
  const paths = { checkout: join(at, 'head'), checkoutBase: join(at, 'base'), checkoutVia: join(at, 'via') }
  return { recipe: dir, base, runId: '20261129-120000-abc123', folder: { ...paths, tmp: join(at, 'tmp') } }
}

async function plan(dir: string, base: string): Promise<RunPlan> {
  return planRun(await request(dir, base))
}

const WISH = { library: { find: async () => ({ kind: 'missing' as const }), versions: () => [] }, use: 'no' as const }

async function legs(dir: string, ...asked: string[]) {
  const asking = await request(dir, 'none')
  const head = await checkOutHead(asking)
  const found = await legsOf(head, asked)
  return { ...found, planned: await planLegs(head, asking, { legs: found.legs, wish: WISH }) }
}

describe('all minors', () => {
  it('are those that head comes after, newest first, each with its reason', async () => {
    const { planned, considered } = await legs(await recipe(), 'all-minors')
    expect(planned.map(({ base, kind }) => `${base.version} ${kind}`)).toEqual([
      ...['2.0.0+1 judged', '1.2.0+1 judged', '1.1.0+1 judged', '1.0.1+1 judged'],
    ])
    expect(considered).toEqual([
      '3.0.0+1: was released after head',
      '2.0.0+1: the newest of its minor',
      '1.3.0+1: is not in the history of head',
      '1.2.0+1: the newest of its minor',
      '1.1.0+1: the newest of its minor',
      '1.0.1+1: the newest of its minor',
      '1.0.0+1: its minor has a newer patch',
    ])
  })

  it('leave out what runs the same as head, which is unverified where somebody names it', async () => {
    const dir = await recipe()
    await commit(dir, 'as 2.0.0', files('2.0.0+1', '2'))
    const { planned } = await legs(dir, '2.0.0', 'all-minors')
    expect(planned[0]).toMatchObject({ kind: 'unverified', cause: { code: 'no-version-delta' } })
    expect(planned[1]).toMatchObject({ kind: 'skip', base: { version: '2.0.0+1' } })
  })

  it('say so where nothing was released before head', async () => {
    const dir = await repository(files('1', '1'))
    expect(await legs(dir, 'all-minors')).toMatchObject({
      legs: [],
      nothing: 'no released version to upgrade from',
    })
  })

  it('keep a release that cannot be read as one that cannot be judged', async () => {
    const dir = await recipe()
    await git(dir, 'checkout', '-q', '-b', 'late', 'topic')
    await commit(dir, 'broken', { 'compose.yml': 'services: [\n' })
    await git(dir, 'tag', '-a', '-m', 'x', '2.1.0+1')
    await commit(dir, 'fixed', files('2.1.0+1', 'fixed'))
    const { planned } = await legs(dir, '2.1.0')
    expect(planned).toMatchObject([
      {
        kind: 'unverified',
        plan: null,
        base: { version: '2.1.0+1' },
        cause: { code: 'compose-invalid', blame: 'recipe' },
      },
    ])
  })

  it('name what is not there', async () => {
    await expect(legs(await recipe(), '1.9.0')).rejects.toThrow(/has no commit, tag or branch "1\.9\.0"/)
  })
})

describe('the way to head', () => {
  it('goes by the releases that are named, each with the env file of the first', async () => {
    const { base } = await plan(await recipe(), '1.0.0..1.1.0')
    expect(base).toMatchObject({
      kind: 'base',
      ref: { version: '1.0.0+1', source: 'pin', via: [{ version: '1.1.0+1' }] },
      release: { version: '1.0.0+1', chaos: false },
      considered: ['1.0.0+1: the chain begins here', '1.1.0+1: on the way'],
    })
    expect(base.kind === 'base' && base.via.map(({ release }) => release.version)).toEqual(['1.1.0+1'])
  })

  it('goes by every later minor, but for what runs the same as its neighbour', async () => {
    const { base } = await plan(await recipe(), '1.0.0..')
    expect(base.kind === 'base' && base.ref.via?.map(({ version }) => version)).toEqual(['1.1.0+1', '2.0.0+1'])
    expect(base.considered).toContain('1.2.0+1: runs the same as its neighbour, left out')
  })

  it.each<[string, RegExp]>([['1.1.0..1.2.0', /1\.2\.0\+1, on the way to head, runs exactly what 1\.1\.0\+1 runs/]])(
    '%s cannot be judged',
    async (asked, message) => {
      const { base } = await plan(await recipe(), asked)
      expect(base).toMatchObject({ kind: 'unresolved', cause: { message: expect.stringMatching(message) } })
    },
  )

  it('does not go back', async () => {
    await expect(plan(await recipe(), '1.1.0..1.0.0')).rejects.toThrow('1.0.0+1 does not come after 1.1.0+1')
  })

  it('begins with a release where its end is open', async () => {
    await expect(plan(await recipe(), 'main..')).rejects.toThrow('main is no release')
  })
})

describe('a way back', () => {
  const tiers = ({ skips }: RunPlan) => skips.get('rollback')

  it('is gone only where it is asked for', async () => {
    const dir = await recipe()
    expect(tiers(await plan(dir, 'auto'))).toMatchObject({ kind: 'not-selected' })
    const asked = await planRun({ ...(await request(dir, 'auto')), rollback: true })
    expect(asked.selected).toContain('rollback')
  })

  it('is none where the version before has no backup labels, or is not there', async () => {
    const dir = await recipe()
    const asking = { ...(await request(dir, 'auto')), rollback: true }
    expect(tiers(await planRun(asking))).toMatchObject({
      kind: 'structural',
      reason: 'the version before cannot be backed up: no service has the label backupbot.backup=true',
    })
    const first = { ...(await request(await repository(files('1', '1')), 'auto')), rollback: true }
    expect(tiers(await planRun(first))).toMatchObject({ kind: 'structural', reason: /no upgrade to go back from/ })
  })

  it('is asked for by --only too, and then the version before is deployed', async () => {
    const asked = await planRun({ ...(await request(await recipe(), 'auto')), only: ['rollback'] })
    expect(asked.selected).toEqual(['install', 'upgrade', 'rollback', 'teardown'])
    expect(asked.base.kind).toBe('base')
  })
})

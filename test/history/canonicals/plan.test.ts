import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { homeOf } from '../../../src/history/canonicals/folders.ts'
import { type CanonicalStore, removeVersion } from '../../../src/history/canonicals/store.ts'
import { checkOutHead, type PlanRequest, type RunPlan } from '../../../src/lifecycle/plan.ts'
import { type CanonicalOptions, planWithCanonical } from '../../../src/lifecycle/stored-data/with-canonical.ts'
import { openRecipe } from '../../../src/recipe/repository/repo.ts'
import { partText } from '../../../src/report/run/partial-run.ts'
import { QUICK_TIERS } from '../../../src/verdict/tiers.ts'
import { compose } from '../../lifecycle/releases.ts'
import { commit, folder, git, repository } from '../../recipe/throwaway.ts'
import { app, IMAGE, store } from './material.ts'

const SAMPLE = 'TYPE=web\nDOMAIN=web.example.com\nMODE=of-the-sample\nSECRET_KEY_VERSION=v1\n'

interface Scene {
  readonly dir: string
  readonly state: string
  readonly kept: CanonicalStore
  /** Keeps a canonical of this tag, whose app had this environment. */
  keep(tag: string, env?: Record<string, string>): Promise<void>
}

/** Releases 1.0.0+1 and 2.0.0+2, and a change on top. */
async function scene(files: Record<string, string> = {}): Promise<Scene> {
  const dir = await repository({ '.env.sample': SAMPLE, ...files })
  await release(dir, '1.0.0+1', 'nginx:1.25')
  await release(dir, '2.0.0+2', 'nginx:1.26')
  await commit(dir, 'a change', { 'compose.yml': compose({ version: '2.0.0+2', image: 'nginx:1.27' }) })
  const state = await folder({})
  const kept = store(state)
  return {
    ...{ dir, state, kept },
    async keep(version, env = { MODE: 'of-the-app' }) {
      const repo = await openRecipe(dir)
      const found = repo.versions.find(({ tag }) => tag === version)
      const key = { recipe: repo.name, origin: repo.origin, version, commit: found?.commit ?? '' }
      const secrets = { env: new Map(Object.entries(env)), values: new Map([['key', 'the old value']]) }
      const draft = await kept.begin(key, app(), secrets, 3)
      await draft.add({ volume: 'data', files: 1, bytes: 3 }, (output) => output(Buffer.from('abc')))
      await draft.commit()
    },
  }
}

async function release(dir: string, tag: string, image: string): Promise<void> {
  await commit(dir, tag, { 'compose.yml': compose({ version: tag, image }) })
  await git(dir, 'tag', '-a', '-m', 'x', tag)
}

interface Asked extends Partial<PlanRequest> {
  readonly use?: CanonicalOptions['use']
}

async function plan({ dir, kept }: Scene, { use = 'auto', ...asked }: Asked = {}): Promise<RunPlan> {
  const paths = await folder({})
  const request: PlanRequest = {
    ...{ recipe: dir, base: 'auto', runId: '20270101-120000-abc234', approvals: [] },
    folder: {
      checkout: join(paths, 'checkout'),
      checkoutBase: join(paths, 'base'),
      checkoutVia: join(paths, 'via'),
      tmp: join(paths, 'tmp'),
    },
    ...asked,
  }
  return planWithCanonical(await checkOutHead(request), request, { library: kept, use })
}

const QUICK = { quick: true, only: QUICK_TIERS }

function refOf({ base }: RunPlan) {
  return 'ref' in base ? `${base.ref.version} ${base.ref.source}` : base.kind
}

function whyNot({ canonical }: RunPlan): string {
  return canonical.kind === 'unused' ? canonical.why : canonical.kind
}

describe('a quick run', () => {
  it('is the app of the canonical again: its names, environment and secrets', async () => {
    const here = await scene()
    await here.keep('2.0.0+2')
    const planned = await plan(here, QUICK)
    expect(refOf(planned)).toBe('2.0.0+2 canonical')
    expect(planned.canonical.kind).toBe('quick')
    const { domain, stack } = app()
    expect(planned.app).toMatchObject({ domain, stack, runId: '20270101-120000-abc234' })
    if (planned.base.kind !== 'base') throw new Error('no base')
    const { release: base, considered } = planned.base
    expect(considered[0]).toBe('2.0.0+2: chosen (tag), with the data of its canonical')
    expect([...base.added.secretValues]).toEqual([['key', 'the old value']])
    // Operators keep their env file, through the upgrade too; head as a new app has its own.
    for (const one of [base, planned.upgrade]) expect(one?.env.get('MODE')).toBe('of-the-app')
    expect(planned.head.env.get('MODE')).toBe('of-the-sample')
    for (const one of [base, planned.upgrade, planned.head])
      expect([one?.env.get('DOMAIN'), one?.env.get('STACK_NAME')]).toEqual([domain, stack])
    expect(planned.upgrade?.added.secretValues.size).toBe(0)
  })

  it('judges no new installation, and says so', async () => {
    const here = await scene()
    await here.keep('2.0.0+2')
    const { skips, findings } = await plan(here, QUICK)
    expect(partText({ findings })).toMatch(/not judged are install, .* begins with the data of the canonical of 2/)
    expect(skips.get('install')).toMatchObject({
      kind: 'not-selected',
      reason: expect.stringMatching(/^a new installation is not judged/),
    })
    expect(skips.get('upgrade')).toBeUndefined()
    expect(skips.get('backup')?.reason).toBe('not selected (--quick)')
  })

  it('without a canonical is a cold one, and says so', async () => {
    const planned = await plan(await scene(), QUICK)
    expect(refOf(planned)).toBe('2.0.0+2 tag')
    expect(whyNot(planned)).toBe('no canonical of 2.0.0+2 is kept, nor of any other version')
    expect(planned.skips.get('install')).toBeUndefined()
    expect(planned.base.considered.at(-1)).toMatch(/^canonical: no canonical/)
    expect(planned.findings).toContainEqual(expect.objectContaining({ code: 'canonical-not-used', severity: 'info' }))
    expect(partText(planned)).toMatch(/^a quick run: not judged are backup, .*; no canonical is used: no canonical of/)
  })

  it('starts from what operators have: an older canonical is not taken, and told', async () => {
    const here = await scene()
    await here.keep('1.0.0+1')
    const planned = await plan(here, QUICK)
    expect(refOf(planned)).toBe('2.0.0+2 tag')
    expect(whyNot(planned)).toMatch(/2\.0\.0\+2 is what operators have: not taken is that of 1\.0\.0\+1$/)
    expect(refOf(await plan(here, { ...QUICK, base: '1.0.0+1' }))).toBe('1.0.0+1 canonical')
  })

  it('never starts from a canonical that came after head', async () => {
    const here = await scene()
    await here.keep('2.0.0+2')
    const planned = await plan(here, { ...QUICK, ref: '2.0.0+2~1' })
    expect(planned.canonical.kind).toBe('unused')
    expect(planned.base.kind).toBe('none')
  })

  it.each<[string, Asked]>([
    ['--no-canonical', { use: 'no' }],
    ['--base none', { base: 'none' }],
  ])('with %s begins with nothing', async (_, asked) => {
    const here = await scene()
    await here.keep('2.0.0+2')
    expect((await plan(here, { ...QUICK, ...asked })).app.domain).not.toBe(app().domain)
  })

  it('does not lay a CI overlay over an app that was kept without one', async () => {
    const here = await scene({ 'cc-ci/compose.ci.yml': 'version: "3.8"\nservices: {app: {labels: [a=b]}}\n' })
    await here.keep('2.0.0+2')
    expect(whyNot(await plan(here, QUICK))).toMatch(/compose\.ci\.yml changes what is deployed/)
  })

  it('falls back where the old environment makes no base of it', async () => {
    const here = await scene()
    await here.keep('2.0.0+2', { COMPOSE_FILE: 'compose.yml:compose.gone.yml' })
    const planned = await plan(here, QUICK)
    expect(whyNot(planned)).toBe('with the environment of its app 2.0.0+2 is no base for this head')
    expect(refOf(planned)).toBe('2.0.0+2 tag')
    expect(planned.app.domain).not.toBe(app().domain)
  })

  it('does not take what is stale', async () => {
    const here = await scene()
    await here.keep('2.0.0+2')
    const kept = store(here.state, { imageNow: async () => 'sha256:2' })
    expect(whyNot(await plan({ ...here, kept }, QUICK))).toMatch(/is not used: it is stale: image .* moved/)
    expect(IMAGE.id).not.toBe('sha256:2')
  })
})

describe('a cold run', () => {
  it('has nothing to do with canonicals unless somebody says so', async () => {
    const here = await scene()
    await here.keep('2.0.0+2')
    const planned = await plan(here)
    expect([refOf(planned), planned.canonical.kind]).toEqual(['2.0.0+2 tag', 'none'])
    // Nor has it been lent.
    expect(await removeVersion(homeOf(here.state, { ...(await keyOf(here)), version: '2.0.0+2' }))).toBe(true)
  })

  it.each<[string, Asked, Record<string, string>]>([
    ['--from-canonical', { use: 'yes' }, {}],
    ['upgrade.data', {}, { 'cc-ci/cc-ci.yml': 'upgrade:\n  data: canonical\n' }],
  ])('with %s judges a new installation, and upgrades the data', async (_, asked, files) => {
    const here = await scene(files)
    await here.keep('2.0.0+2')
    const planned = await plan(here, asked)
    expect([refOf(planned), planned.canonical.kind]).toEqual(['2.0.0+2 canonical', 'cold'])
    expect(planned.skips.get('install')).toBeUndefined()
  })
})

async function keyOf({ dir }: Scene) {
  const { name, origin } = await openRecipe(dir)
  return { recipe: name, origin }
}

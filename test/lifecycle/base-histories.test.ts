// cspell:ignore uploadpack
import { existsSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planRun, type RunPlan } from '../../src/lifecycle/plan.ts'
import { lint } from '../../src/recipe/lint/lint.ts'
import { checkOut } from '../../src/server/worker/checkout.ts'
import { openWorkshop } from '../cli/cc-ci.ts'
import { commit, folder, git, repository } from '../recipe/throwaway.ts'
import { compose } from './releases.ts'

const image = (tag: string, version = '1.0.0+1') => ({
  'compose.yml': compose({ image: `nginx:${tag}`, version }),
  '.env.sample': 'DOMAIN=web.example.org\n',
})

/** A repository whose first commit is no release. */
const begun = () => repository(image('1.0', ''))

async function release(dir: string, tag: string, nginx: string): Promise<string> {
  const made = await commit(dir, `publish ${tag}`, image(nginx, tag))
  await git(dir, 'tag', '-a', '-m', 'a release', tag)
  return made
}

/** 1.0.0+1 and 1.1.0+1 are released, and a change came after that carries the label of the newest, as every change does. */
async function maintained(): Promise<string> {
  const dir = await begun()
  await release(dir, '1.0.0+1', '1.1')
  await release(dir, '1.1.0+1', '1.2')
  await commit(dir, 'a change', image('1.3', '1.1.0+1'))
  return dir
}

async function plan(recipe: string, more: { ref?: string; base?: string; only?: 'lint'[] } = {}): Promise<RunPlan> {
  const at = await folder({})
  const paths = {
    checkout: join(at, 'head'),
    checkoutBase: join(at, 'base'),
    checkoutVia: join(at, 'via'),
    tmp: join(at, 'tmp'),
  }
  return planRun({ recipe, base: 'auto', runId: '20261129-120000-abc123', folder: paths, ...more })
}

/** The base, or what becomes of the upgrade without one. */
function reported({ base, skips }: RunPlan): string {
  if (base.kind === 'base') return base.ref.version
  if (base.kind === 'unresolved') return `unverified, ${base.cause.code}: ${base.cause.message}. ${base.cause.hint}`
  const skip = skips.get('upgrade')
  return skip ? `${skip.kind} skip: ${skip.reason}` : base.kind
}

interface History {
  /** Makes the repository. */
  readonly make: () => Promise<string>
  /** The commit that is planned. Default: what is checked out. */
  readonly ref?: string
  readonly reported: string | RegExp
  /** Lines of `considered`, in order. */
  readonly considered?: readonly (string | RegExp)[]
}

const HISTORIES: Readonly<Record<string, History>> = {
  'label equal to the tag, several tags': {
    make: maintained,
    reported: '1.1.0+1',
    considered: ['1.1.0+1: chosen (tag)'],
  },
  'one tag, and its label': {
    async make() {
      const dir = await begun()
      await release(dir, '1.0.0+1', '1.1')
      await commit(dir, 'a change', image('1.2', '1.0.0+1'))
      return dir
    },
    reported: '1.0.0+1',
  },
  'the newest release has an image that no engine takes': {
    async make() {
      const dir = await begun()
      await release(dir, '1.0.0+1', '1.1')
      await release(dir, '1.1.0+1', '${NOWHERE_SET}')
      await commit(dir, 'a change', image('1.3', '1.1.0+1'))
      return dir
    },
    reported: '1.0.0+1',
    considered: [/^1\.1\.0\+1: cannot be resolved \(.*is not the name of an image/, '1.0.0+1: chosen (tag)'],
  },
  'tag on another branch': {
    async make() {
      const dir = await maintained()
      await git(dir, 'checkout', '--quiet', '-b', 'other')
      await release(dir, '2.0.0+1', '2.0')
      await git(dir, 'checkout', '--quiet', 'main')
      await commit(dir, 'a change', image('1.4'))
      return dir
    },
    reported: '1.1.0+1',
    considered: ['2.0.0+1: is not in the history of head', '1.1.0+1: chosen (tag)'],
  },
  'no tag but one on another branch': {
    async make() {
      const dir = await begun()
      await git(dir, 'checkout', '--quiet', '-b', 'other')
      await release(dir, '2.0.0+1', '2.0')
      await git(dir, 'checkout', '--quiet', 'main')
      await commit(dir, 'a change', image('1.4'))
      return dir
    },
    reported:
      /^unverified, base-unknown: there are released versions, and head comes after none of them: 2\.0\.0\+1\. .*upgrade\.from: 2\.0\.0\+1/,
    considered: ['2.0.0+1: is not in the history of head or of main'],
  },
  'head is a tag': {
    make: maintained,
    ref: '1.1.0+1',
    reported: '1.0.0+1',
    considered: ["1.1.0+1: is head's own commit", '1.0.0+1: chosen (tag)'],
  },
  'head is the first tag': {
    make: maintained,
    ref: '1.0.0+1',
    reported: 'structural skip: no version was released before head',
    considered: ['1.1.0+1: was released after head', "1.0.0+1: is head's own commit"],
  },
  'head is older than every tag': {
    make: maintained,
    ref: 'main~3',
    reported: 'structural skip: no version was released before head',
    considered: ['1.1.0+1: was released after head', '1.0.0+1: was released after head'],
  },
  'tag newer than head': {
    make: maintained,
    ref: '1.1.0+1~1',
    reported: 'structural skip: no version was released before head',
  },
  'label older than the tag before it': {
    async make() {
      const dir = await maintained()
      await commit(dir, 'a label of long ago', image('1.4', '0.1.0+1'))
      return dir
    },
    reported: '1.1.0+1',
  },
  'force-pushed main, without its newest release': {
    async make() {
      const dir = await maintained()
      await git(dir, 'reset', '--quiet', '--hard', '1.0.0+1')
      await commit(dir, 'another way', image('1.9'))
      return dir
    },
    reported: '1.0.0+1',
    considered: ['1.1.0+1: is not in the history of head', '1.0.0+1: chosen (tag)'],
  },
  'force-pushed main, without any release': {
    async make() {
      const dir = await maintained()
      await git(dir, 'checkout', '--quiet', '--orphan', 'new')
      await commit(dir, 'started over', image('1.9'))
      await git(dir, 'branch', '--quiet', '--force', 'main', 'new')
      return dir
    },
    reported: /^unverified, base-unknown: .* none of them: 1\.1\.0\+1, 1\.0\.0\+1\./,
  },
  'newest tag not annotated': {
    async make() {
      const dir = await maintained()
      await git(dir, 'tag', '1.2.0+1')
      await commit(dir, 'a change', image('1.4'))
      return dir
    },
    reported: '1.1.0+1',
    considered: ['1.2.0+1: is not annotated, so it is no release (R014)', '1.1.0+1: chosen (tag)'],
  },
  'no tag is annotated': {
    async make() {
      const dir = await begun()
      await git(dir, 'tag', '1.2.0+1')
      await commit(dir, 'a change', image('1.4'))
      return dir
    },
    reported: /^structural skip: no released version to upgrade from: 1\.2\.0\+1 is a lightweight tag/,
    considered: ['1.2.0+1: is not annotated, so it is no release (R014)'],
  },
  'no tags': { make: begun, reported: 'structural skip: no released version to upgrade from', considered: [] },
  'no tags, and head on its way to main': {
    async make() {
      const dir = await begun()
      await git(dir, 'checkout', '--quiet', '-b', 'topic')
      await commit(dir, 'a change', image('1.4'))
      return dir
    },
    reported: 'main',
  },
  'no tags, and head that main has long since': {
    async make() {
      const dir = await begun()
      await commit(dir, 'a change', image('1.4'))
      return dir
    },
    ref: 'main~1',
    reported: 'structural skip: no released version to upgrade from',
  },
  'pre-release tags': {
    async make() {
      const dir = await maintained()
      await release(dir, '2.0.0-rc.1+1', '2.0')
      await release(dir, '2.0.0-rc.2+1', '2.1')
      await commit(dir, 'a change', image('2.2'))
      return dir
    },
    reported: '2.0.0-rc.2+1',
  },
  'a release after its pre-releases': {
    async make() {
      const dir = await maintained()
      await release(dir, '2.0.0-rc.10+1', '2.0')
      await release(dir, '2.0.0+1', '2.1')
      await commit(dir, 'a change', image('2.2'))
      return dir
    },
    reported: '2.0.0+1',
  },
  'label missing at head and base': {
    async make() {
      const bare = (tag: string) => ({ 'compose.yml': `services:\n  app:\n    image: nginx:${tag}\n` })
      const dir = await repository({ ...image('1.0'), ...bare('1.0') })
      await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1')
      await commit(dir, 'a change', bare('1.1'))
      return dir
    },
    reported: '1.0.0+1',
  },
  'newest base without a compose file': {
    async make() {
      const dir = await maintained()
      await git(dir, 'rm', '--quiet', 'compose.yml')
      await commit(dir, 'gone')
      await git(dir, 'tag', '-a', '-m', 'x', '1.2.0+1')
      await commit(dir, 'back', image('1.4'))
      return dir
    },
    reported: '1.1.0+1',
    considered: [/^1\.2\.0\+1: cannot be resolved \(.*compose\.yml/, '1.1.0+1: chosen (tag)'],
  },
  'no base can be read': {
    async make() {
      const dir = await repository({ ...image('1.0'), 'compose.yml': 'services: [\n' })
      await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1')
      await commit(dir, 'fixed', image('1.4'))
      return dir
    },
    reported: /^unverified, compose-invalid: there are older releases, but none of them can be read/,
  },
  'forked before the first release: a release of the target branch': {
    async make() {
      const dir = await maintained()
      await git(dir, 'checkout', '--quiet', '-b', 'topic', 'main~3')
      await commit(dir, 'a change', image('1.4'))
      return dir
    },
    reported: '1.1.0+1',
  },
  'changes on top of a tag that are not committed': {
    async make() {
      const dir = await maintained()
      await git(dir, 'checkout', '--quiet', '1.1.0+1')
      await writeFile(join(dir, 'compose.yml'), image('1.4')['compose.yml'])
      return dir
    },
    reported: '1.1.0+1',
  },
  'a tag that is called like a branch': {
    async make() {
      const dir = await begun()
      await git(dir, 'tag', '-a', '-m', 'x', 'main')
      await git(dir, 'checkout', '--quiet', '-b', 'topic')
      await commit(dir, 'a change', image('1.4'))
      return dir
    },
    reported: 'main',
  },
}

test.each(Object.entries(HISTORIES))('%s', async (_name, { make, ref, reported: should, considered }) => {
  const plan1 = await plan(await make(), ref === undefined ? {} : { ref })
  if (typeof should === 'string') expect(reported(plan1)).toBe(should)
  else expect(reported(plan1)).toMatch(should)
  if (!considered) return
  expect(plan1.base.considered).toEqual(
    considered.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))),
  )
})

describe('a clone that lacks something', () => {
  const clone = async (origin: string, ...options: string[]): Promise<string> => {
    const dir = join(await folder({}), 'web')
    await git(origin, 'clone', '--quiet', ...options, '--', `file://${origin}`, dir)
    return dir
  }

  /** What CI systems do: one branch, fetched by hand. */
  const fetchedByHand = async (origin: string, ...options: string[]): Promise<string> => {
    const dir = join(await folder({}), 'web')
    await git(origin, 'init', '--quiet', dir)
    await git(dir, 'remote', 'add', 'origin', `file://${origin}`)
    await git(dir, 'fetch', '--quiet', '--no-tags', ...options, 'origin', 'main')
    await git(dir, 'checkout', '--quiet', '--detach', 'FETCH_HEAD')
    return dir
  }

  /** Moves the origin away for as long as `look` takes. */
  const without = async <T>(origin: string, look: () => Promise<T>): Promise<T> => {
    await rename(origin, `${origin}-away`)
    try {
      return await look()
    } finally {
      await rename(`${origin}-away`, origin)
    }
  }

  const LACKING: [name: string, make: (origin: string) => Promise<string>, says: RegExp][] = [
    ['--depth 1', (origin) => clone(origin, '--depth', '1'), /this clone is shallow/],
    ['--no-tags', (origin) => clone(origin, '--no-tags'), /this clone was made without tags/],
    ['both', (origin) => clone(origin, '--no-tags', '--depth', '1'), /this clone is shallow/],
    ['by hand, --depth=1', (origin) => fetchedByHand(origin, '--depth=1'), /this clone is shallow/],
    ['by hand, whole', (origin) => fetchedByHand(origin), /no version tag was fetched into this clone/],
    ['by hand, no blobs', (origin) => fetchedByHand(origin, '--depth=1', '--filter=tree:0'), /this clone is shallow/],
    ['no blobs', (origin) => clone(origin, '--filter=blob:none'), /this clone was made with a filter/],
  ]

  test.each(LACKING)('%s: what it lacks is read from its origin, and told', async (_name, make, says) => {
    const origin = await maintained()
    await git(origin, 'config', 'uploadpack.allowFilter', 'true')
    const dir = await make(origin)
    const before = await git(dir, 'for-each-ref')
    const made = await plan(dir)
    expect(reported(made)).toBe('1.1.0+1')
    expect(made.findings).toEqual([
      { code: 'history-fetched', severity: 'info', message: expect.stringMatching(says) as unknown },
    ])
    expect(await git(dir, 'for-each-ref')).toBe(before)
  })

  test.each(LACKING.slice(0, 5))(
    '%s, and the origin is away: unverified, with the command that fixes it',
    async (_name, make, says) => {
      const origin = await maintained()
      const dir = await make(origin)
      const [apart, linted] = await without(origin, async () => [await plan(dir), await plan(dir, { only: ['lint'] })])
      expect(reported(apart)).toMatch(/^unverified, base-unknown: /)
      expect(reported(apart)).toMatch(says)
      expect(apart.skips.has('upgrade')).toBe(false)
      expect(linted.findings).toMatchObject([{ code: 'history-partial', severity: 'warning' }])
      const command = /Type: (.*?)\. Or name the version/.exec(reported(apart))?.[1] ?? ''
      for (const part of command.split(' && ')) {
        const [program, , at, ...words] = part.split(' ')
        expect([program, at]).toEqual(['git', dir])
        await git(dir, ...words)
      }
      expect(reported(await without(origin, () => plan(dir)))).toBe('1.1.0+1')
    },
  )

  test('a pinned version is fetched too; where it cannot be, the error says how', async () => {
    const origin = await maintained()
    const dir = await clone(origin, '--depth', '1', '--no-tags')
    expect(reported(await plan(dir, { base: '1.0.0+1' }))).toBe('1.0.0+1')
    const error = await without(origin, () => plan(dir, { base: '1.0.0+1' }).catch((e: unknown) => e))
    expect(error).toMatchObject({
      code: 'ref-not-found',
      hint: expect.stringMatching(/shallow: git -C .* fetch --unshallow --tags origin/) as unknown,
    })
  })

  test('what only the clone has counts: commits, tags and changes that were not pushed', async () => {
    const origin = await maintained()
    const dir = await clone(origin, '--depth', '1')
    await release(dir, '1.2.0+1', '1.4')
    expect(reported(await plan(dir))).toBe('1.1.0+1')
    await commit(dir, 'not pushed', image('1.5'))
    expect(reported(await plan(dir))).toBe('1.2.0+1')
    await writeFile(join(dir, 'compose.yml'), image('1.6')['compose.yml'])
    const made = await plan(dir)
    expect([made.head.dirty, made.head.stack.model.services.app?.image]).toEqual([true, 'nginx:1.6'])
  })

  test('the merge of a pull request, which is on no branch', async () => {
    const origin = await maintained()
    await git(origin, 'checkout', '--quiet', '--detach', 'main')
    const merge = await commit(origin, 'merge', image('1.7'))
    await git(origin, 'update-ref', 'refs/pull/1/merge', merge)
    await git(origin, 'checkout', '--quiet', 'main')
    const dir = join(await folder({}), 'web')
    await git(origin, 'init', '--quiet', dir)
    await git(dir, 'remote', 'add', 'origin', `file://${origin}`)
    await git(dir, 'fetch', '--quiet', '--no-tags', '--depth=1', 'origin', 'refs/pull/1/merge')
    await git(dir, 'checkout', '--quiet', '--detach', 'FETCH_HEAD')
    expect(reported(await plan(dir))).toBe('1.1.0+1')
  })

  test('"no released version" where that is known', async () => {
    const origin = await begun()
    const known = 'structural skip: no released version to upgrade from'
    const whole = await clone(origin)
    expect(reported(await without(origin, () => plan(whole)))).toBe(known)
    const byHand = await fetchedByHand(origin)
    const asked = await plan(byHand)
    expect([reported(asked), asked.findings]).toMatchObject([known, [{ code: 'history-fetched' }]])
    const offline = await without(origin, () => plan(byHand))
    expect(reported(offline)).toMatch(/^unverified, base-unknown: no version tag was fetched into this clone/)
  })

  test('an address by which git would start a program is not asked, nor a program of the configuration started', async () => {
    const origin = await maintained()
    const dir = await clone(origin, '--depth', '1')
    const witness = join(dir, 'was-run')
    await git(dir, 'config', 'remote.origin.uploadpack', `touch ${witness}; git-upload-pack`)
    await git(dir, 'config', 'core.sshCommand', `touch ${witness}`)
    expect(reported(await plan(dir))).toBe('1.1.0+1')
    for (const url of [`ext::touch ${witness}`, `--upload-pack=touch ${witness}`]) {
      await git(dir, 'config', 'remote.origin.url', url)
      expect(reported(await plan(dir))).toMatch(/a kind of URL that is not allowed/)
    }
    expect(existsSync(witness)).toBe(false)
  })
})

describe('server and command line', () => {
  /** What a worker has: the bundle of the server, with the commit, the default branch, the base branch and all tags. */
  async function asWorker(origin: string, ref: string, { main = 'main', base }: { main?: string; base?: string } = {}) {
    const dir = await folder({})
    const head = await git(origin, 'rev-parse', ref)
    await git(origin, 'update-ref', 'refs/cc-ci/head', head)
    const refs = ['refs/cc-ci/head', `refs/heads/${main}`, ...(base ? [`refs/heads/${base}`] : []), '--tags']
    await git(origin, 'bundle', 'create', '--quiet', join(dir, 'bundle'), ...refs)
    const order = { repository: 'coop-cloud/web', commit: head, baseBranch: base ?? null }
    return plan(await checkOut(join(dir, 'bundle'), join(dir, 'clone'), order), { ref: head })
  }

  async function asCloned(origin: string, ref: string): Promise<RunPlan> {
    const dir = join(await folder({}), 'web')
    await git(origin, 'clone', '--quiet', '--', `file://${origin}`, dir)
    return plan(dir, { ref: await git(origin, 'rev-parse', ref) })
  }

  test.each(['main', '1.1.0+1', '1.0.0+1', 'topic', 'early'])('choose the same for %s', async (ref) => {
    const origin = await maintained()
    await git(origin, 'checkout', '--quiet', '-b', 'topic')
    await commit(origin, 'a topic', image('1.4'))
    await git(origin, 'checkout', '--quiet', '-b', 'early', 'main~3')
    await commit(origin, 'a topic', image('1.5'))
    await git(origin, 'checkout', '--quiet', 'main')
    const [worker, cloned] = [await asWorker(origin, ref), await asCloned(origin, ref)]
    expect(reported(worker)).toBe(reported(cloned))
    expect(worker.base.considered).toEqual(cloned.base.considered)
  })

  test('the target of the pull request gives the base, whatever the default branch is called', async () => {
    const origin = await begun()
    await git(origin, 'branch', '--move', 'trunk')
    await git(origin, 'checkout', '--quiet', '-b', '1.x')
    await release(origin, '1.0.0+1', '1.1')
    await git(origin, 'checkout', '--quiet', 'trunk')
    await release(origin, '2.0.0+1', '2.0')
    await git(origin, 'checkout', '--quiet', '-b', 'topic', 'trunk~1')
    await commit(origin, 'a change', image('1.5'))
    expect(reported(await asWorker(origin, 'topic', { main: 'trunk', base: '1.x' }))).toBe('1.0.0+1')
    expect(reported(await asWorker(origin, 'topic', { main: 'trunk' }))).toBe('2.0.0+1')
  })
})

describe('lint', () => {
  const withConfig = (text: string, tag: string) => ({
    ...image(tag),
    'compose.yml': compose({
      image: `nginx:${tag}`,
      more: '    configs: [conf]\nconfigs:\n  conf: {file: conf.txt, name: "${STACK_NAME}_conf_${CONF_VERSION}"}\n',
    }),
    'conf.txt': text,
    'abra.sh': 'export CONF_VERSION=v1\n',
  })

  async function configRow({ repo, headTree: tree, pristine, lintBase: base }: RunPlan) {
    const rows = await lint({ repo, tree, stack: pristine.stack, env: pristine.env, base })
    return rows.find(({ id }) => id === 'CC01')
  }

  /** An older line where the config is `one`; on main the newest release has `two`. */
  async function lines(): Promise<string> {
    const dir = await repository(withConfig('one\n', '1.0'))
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1')
    await git(dir, 'checkout', '--quiet', '-b', '1.x')
    await commit(dir, 'a fix', withConfig('one\n', '1.1'))
    await git(dir, 'checkout', '--quiet', 'main')
    await commit(dir, 'next', withConfig('two\n', '2.0'))
    await git(dir, 'tag', '-a', '-m', 'x', '2.0.0+1')
    return dir
  }

  test.each([undefined, 'none'])('compares with the base of the plan, not the newest tag (--base %s)', async (base) => {
    const dir = await lines()
    for (const only of [undefined, ['lint' as const]]) {
      const made = await plan(dir, { ref: '1.x', ...(base ? { base } : {}), ...(only ? { only } : {}) })
      expect(made.lintBase?.version).toBe('1.0.0+1')
      expect(await configRow(made)).toMatchObject({ ok: true })
      expect(existsSync(join(made.request.folder.checkoutBase, 'compose.yml'))).toBe(made.base.kind === 'base')
    }
  })

  test('the release itself is compared with the one before it; a pinned base with the pinned', async () => {
    const dir = await lines()
    expect((await plan(dir, { ref: '2.0.0+1' })).lintBase?.version).toBe('1.0.0+1')
    expect(await configRow(await plan(dir, { ref: '2.0.0+1' }))).toMatchObject({ ok: false })
    expect((await plan(dir, { ref: '1.x', base: '2.0.0+1' })).lintBase?.version).toBe('2.0.0+1')
  })

  test('where nothing that runs differs, with the newest release before head', async () => {
    const dir = await maintained()
    await release(dir, '1.2.0+1', '1.4')
    const only = await begun()
    await release(only, '1.0.0+1', '1.0')
    await commit(only, 'words', { 'README.md': 'words' })
    const made = await plan(only)
    expect([made.base.kind, made.lintBase?.version]).toEqual(['none', '1.0.0+1'])
  })
})

test('cc-ci plan tells each candidate, and what a clone lacks, as text and as JSON', async () => {
  await using workshop = openWorkshop()
  const origin = await maintained()
  const json = async (...args: string[]) => JSON.parse((await workshop.run(['plan', '--json', ...args])).stdout)
  const upgrade = ({ tiers }: { tiers: { id: string }[] }) => tiers.find(({ id }) => id === 'upgrade')
  const plain = await json(origin, '--ref', '1.1.0+1')
  expect([plain.base.version, plain.considered]).toEqual([
    '1.0.0+1',
    ["1.1.0+1: is head's own commit", '1.0.0+1: chosen (tag)'],
  ])
  const dir = join(workshop.dir, 'web')
  await git(origin, 'clone', '--quiet', '--depth', '1', '--', `file://${origin}`, dir)
  const fetched = await json(dir)
  expect([fetched.base.version, fetched.findings]).toEqual([
    '1.1.0+1',
    [expect.objectContaining({ code: 'history-fetched' })],
  ])
  await git(dir, 'config', 'remote.origin.url', `file://${origin}-away`)
  const apart = await json(dir)
  expect([apart.base, upgrade(apart)]).toEqual([
    null,
    {
      id: 'upgrade',
      kind: 'unverified',
      reason: expect.stringContaining('shallow'),
      hint: expect.stringContaining('git -C'),
    },
  ])
  const { stdout } = await workshop.run(['plan', dir])
  expect(stdout).toMatch(/^ {2}upgrade +will be unverified: this clone is shallow.*\n +Type: git -C /m)
})

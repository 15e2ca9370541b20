import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCustomization } from '../../src/config/customization.ts'
import { COMPOSE, type Files, folder } from '../recipe/throwaway.ts'
import { CONFIG, config, customized, problemsOf, YAML } from './loading.ts'

describe('what is found', () => {
  test('nothing', async () => {
    const found = await customized({})
    expect([found.overlay, found.installSteps, found.specs, found.functions.size, found.folders]).toEqual([
      null,
      null,
      [],
      0,
      {},
    ])
  })

  test('every kind of file, of both sides; single files of the operator replace those of the recipe', async () => {
    const own = {
      'cc-ci/compose.ci.yml': 'services: {}\n',
      'cc-ci/install-steps.sh': 'true\n',
      'cc-ci/tests/install.spec.ts': '',
      'cc-ci/tests/custom/deep/er/login.spec.ts': '',
      'cc-ci/tests/custom/steps.ts': '',
    }
    const operator = { 'gitea/install-steps.sh': 'true\n', 'gitea/tests/custom/mail.spec.ts': '' }
    const { overlay, installSteps, specs, folders } = await customized(own, operator)
    expect(overlay).toMatchObject({ side: 'recipe', file: 'compose.ci.yml', shown: 'cc-ci/compose.ci.yml' })
    expect(installSteps).toMatchObject({ side: 'operator', file: 'install-steps.sh' })
    expect(installSteps?.shown).toMatch(/\/gitea\/install-steps\.sh$/)
    expect(installSteps?.path).toBe(join(folders.operator ?? '', 'install-steps.sh'))
    expect(specs.map(({ side, kind, file }) => `${side} ${kind} ${file}`)).toEqual([
      'recipe custom tests/custom/deep/er/login.spec.ts',
      'recipe install tests/install.spec.ts',
      'operator custom tests/custom/mail.spec.ts',
    ])
    expect(specs[0]?.shown).toBe('cc-ci/tests/custom/deep/er/login.spec.ts')
  })

  test('the operator replaces a function by data, and data by a function', async () => {
    const own = config("{ env: () => ({ A: 'own' }), ready: () => true, upgrade: { env: { B: 'own' } } }")
    const operator = config("{ env: { A: 'theirs' }, upgrade: { env: () => ({}) }, timeouts: { hook: '2m' } }")
    const { settings, functions } = await customized({ [CONFIG]: own }, { 'gitea/cc-ci.config.ts': operator })
    expect(settings.env).toEqual({ A: 'theirs' })
    expect(settings.upgrade.env).toEqual({})
    expect([...functions.values()].map(({ name, side, timeoutMs }) => [name, side, timeoutMs])).toEqual([
      ['ready', 'recipe', 120_000],
      ['upgrade.env', 'operator', 120_000],
    ])
  })

  test("an operator's folder that is itself the recipe is no customization", async () => {
    const { settings, folders } = await customized(
      {},
      {
        'gitea/compose.yml': COMPOSE,
        'gitea/cc-ci.yml': 'canonical: true\n',
        'gitea/src/app.test.js': '',
      },
    )
    expect([settings.canonical, folders]).toEqual([false, {}])
  })

  test('what an operator alone may set, in the folder of the operator', async () => {
    const { settings } = await customized({}, { 'gitea/cc-ci.yml': 'policy: {allow: [host-port], lint: enforce}\n' })
    expect(settings.policy).toMatchObject({ allow: ['host-port'], lint: 'enforce' })
  })

  test('a dependency of cc-ci, and a recipe of the operator', async () => {
    const { settings } = await customized(
      { [YAML]: 'deps: [keycloak, minio]\n' },
      { 'minio/compose.yml': COMPOSE, 'minio/cc-ci/cc-ci.yml': 'deps: [smtp]\n' },
    )
    expect(settings.deps).toEqual(['keycloak', 'minio'])
  })

  test('values under secret names are masked where they are shown, and kept where they are used', async () => {
    const text = 'env: {DB_PASSWORD: hunter2, KEYCLOAK_URL: here}\nupgrade: {env: {API_KEY: k}}\n'
    const { settings, written } = await customized({ [YAML]: text })
    expect(settings.env.DB_PASSWORD).toBe('hunter2')
    expect(written.get('env')).toEqual({ DB_PASSWORD: '***', KEYCLOAK_URL: 'here' })
    expect(written.get('upgrade.env')).toEqual({ API_KEY: '***' })
    const [problem] = await problemsOf(customized({ [YAML]: 'env: {DB_PASSWORD: 1234567}\n' }))
    expect(problem).toMatch(/env\.DB_PASSWORD: .*found \*\*\*/)
  })
})

describe('what is refused', () => {
  test.each<[string, Files, RegExp]>([
    [
      'both files',
      { [YAML]: '', [CONFIG]: config('{}') },
      /^cc-ci\/cc-ci\.yml cc-ci\.yml and cc-ci\.config\.ts are both/,
    ],
    [
      'a name that is nearly right',
      { 'cc-ci/cc-ci.yaml': '' },
      /^cc-ci\/cc-ci\.yaml .*not read It belongs into cc-ci\.yml/,
    ],
    ['hooks of the earlier system', { 'cc-ci/ops.py': '' }, /belongs into cc-ci\.config\.ts, as hooks/],
    ['an earlier name', { [YAML]: 'HEALTH_PATH: /x\n' }, /:1:1 unknown setting HEALTH_PATH It is health\.path now\./],
    [
      'an earlier hook',
      { [CONFIG]: config('{ pre_backup() {} }') },
      /unknown setting pre_backup It is hooks\.preBackup now/,
    ],
    [
      'an earlier hook among hooks',
      { [CONFIG]: config('{ hooks: { pre_backup() {} } }') },
      /It is hooks\.preBackup now/,
    ],
    [
      'a function in YAML',
      { [YAML]: 'env: !!js/function "() => 1"\n' },
      /:1:6 .*js\/function.* only be written in cc-ci\.config/,
    ],
    ['a hook in YAML', { [YAML]: 'hooks:\n  preBackup: echo\n' }, /:2:14 hooks\.preBackup is a function; found "echo"/],
    ['two documents', { [YAML]: 'env: {}\n---\nenv: {}\n' }, /:2:1 /],
    [
      'an unknown name deep inside',
      { [YAML]: 'screenshot: {waitfor: x}\n' },
      /:1:14 unknown setting screenshot\.waitfor Did you mean waitFor/,
    ],
    [
      'a rung that is none',
      { [YAML]: 'notApplicable: {lint: not now}\n' },
      /:1:17 unknown setting notApplicable\.lint .*Allowed: upgrade, backup/,
    ],
    [
      'a reason of blanks',
      { [YAML]: 'notApplicable: {backup: "   "}\n' },
      /notApplicable\.backup: a reason; found " {3}"/,
    ],
    [
      'two probes in one',
      { [YAML]: 'ready: [{tcp: {service: db, port: 1}, http: {path: /}}]\n' },
      /unknown setting ready\.0\.http/,
    ],
    ['half a probe', { [YAML]: 'ready: [{tcp: {service: db}}]\n' }, /ready\.0\.tcp\.port: .*found nothing/],
    [
      'a probe of no kind',
      { [YAML]: 'ready: [ping]\n' },
      /ready\.0: is none of what is allowed; found "ping" .*service, port/,
    ],
    [
      'a path out of a volume',
      { [YAML]: 'backup: {verify: [{volume: data, path: a/../../b}]}\n' },
      /verify\.0\.path: a path inside/,
    ],
    [
      'a timeout without end',
      { [YAML]: 'timeouts: {tests: 3h}\n' },
      /timeouts\.tests: a duration from 1s to 2h; found "3h"/,
    ],
    ['a size without end', { [YAML]: 'resources: {memory: 900g}\n' }, /resources\.memory: a size from 16m to 64g/],
    [
      'a policy of its own',
      { [YAML]: 'policy: {allow: [privileged]}\n' },
      /:1:10 policy\.allow is for the operator alone/,
    ],
    ['a dependency on itself', { [YAML]: 'deps: [gitea]\n' }, /:1:8 deps: gitea is this recipe itself/],
    [
      'an unknown dependency',
      { [YAML]: 'deps: [smtp, keyclok]\n' },
      /:1:14 .*unknown dependency keyclok Did you mean keycloak\? Allowed: keycloak, smtp/,
    ],
    ['a dependency twice', { [YAML]: 'deps: [smtp, smtp]\n' }, /:1:14 deps: smtp is there twice/],
    ['a hidden key', { [YAML]: 'env: {__proto__: x}\n' }, /unknown setting env\.__proto__/],
    ['bytes that are no text', { [YAML]: new Uint8Array([0x61, 0xff]) }, /is not UTF-8 text/],
    [
      'brackets in each other',
      { [YAML]: `deps: ${'['.repeat(5000)}${']'.repeat(5000)}` },
      /^cc-ci\/cc-ci\.yml:1:\d+ is nested too deeply/,
    ],
    ['a folder for a file', { 'cc-ci/compose.ci.yml/x': '' }, /compose\.ci\.yml is not a file/],
    ['a file for the folder', { 'cc-ci': '' }, /^cc-ci cc-ci is not a folder/],
  ])('%s', async (_, files, says) => {
    expect(await problemsOf(customized(files))).toEqual([expect.stringMatching(says)])
  })

  test.each([
    'cc-ci/install.spec.ts',
    'cc-ci/tests/deploy.spec.ts',
    'cc-ci/tests/custom/login.spec.js',
    'cc-ci/tests/custom/login.test.ts',
    'cc-ci/tests/custom.spec.mts',
    'cc-ci/tests/login.SPEC.TS',
  ])('a test that would never run: %s', async (file) => {
    const found = await problemsOf(customized({ [file]: '' }))
    expect(found).toEqual([expect.stringContaining(`${file} is a test at a place where tests are not run`)])
  })

  test('tests of the application itself, wherever they lie; those that cc-ci would run below cc-ci/ are told', async () => {
    const own = [
      'app.spec.ts',
      'src/app.test.js',
      'tests/unit.test.ts',
      'tests/custom/a.test.ts',
      'e2e/tests/install.spec.ts',
    ]
    const meant = ['tests/custom/deep/login.spec.ts', 'tests/install.spec.ts']
    const found = await customized(Object.fromEntries([...own, ...meant].map((file) => [file, ''])))
    expect(found.specs).toEqual([])
    expect(found.strayed).toEqual(meant)
  })

  test("a test at a wrong place of the operator's folder", async () => {
    const found = await problemsOf(customized({}, { 'gitea/custom/login.spec.ts': '' }))
    expect(found).toEqual([expect.stringMatching(/\/gitea\/custom\/login\.spec\.ts is a test at a place/)])
  })

  test('recipes that need each other', async () => {
    const found = await problemsOf(
      customized(
        { [YAML]: 'deps: [minio]\n' },
        {
          'minio/compose.yml': COMPOSE,
          'minio/cc-ci/cc-ci.yml': 'deps: [wiki]\n',
          'wiki/compose.yml': COMPOSE,
          'wiki/cc-ci/cc-ci.yml': 'deps: [gitea]\n',
          'gitea/compose.yml': COMPOSE,
        },
      ),
    )
    expect(found).toEqual(['cc-ci/cc-ci.yml:1:8 deps: gitea needs minio needs wiki needs gitea, which never ends'])
  })

  test.each(['cc-ci', 'cc-ci/tests', 'cc-ci/install-steps.sh', 'cc-ci/tests/custom/a.spec.ts'])(
    'a link at %s: what is behind it is somebody else',
    async (at) => {
      const elsewhere = await folder({ 'custom/a.spec.ts': '', 'cc-ci.yml': 'canonical: true\n' })
      const recipeDir = await folder({ 'compose.yml': COMPOSE })
      await mkdir(join(recipeDir, at, '..'), { recursive: true })
      await symlink(elsewhere, join(recipeDir, at))
      const found = await problemsOf(readCustomization({ recipeDir, recipeName: 'gitea', knownDeps: [] }))
      expect(found.length).toBeGreaterThan(0)
      for (const line of found) expect(line).toMatch(new RegExp(`^${at} .*Links are not followed`))
    },
  )

  test('everything at once: of both sides, and of every kind', async () => {
    const own = { [YAML]: 'deps: [nosuch]\nHEALTH_OK: [200]\n', 'cc-ci/a.spec.ts': '', 'cc-ci/ops.py': '' }
    const operator = { 'gitea/cc-ci.config.ts': config('{ env: (a, b) => ({}), zz: 1 }'), 'gitea/b.test.ts': '' }
    const found = await problemsOf(customized(own, operator))
    expect(found).toHaveLength(5)
  })
})

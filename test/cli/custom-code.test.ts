import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { config, tierOf, tinkered } from './tinkered.ts'

const ALL = ['--approve-code']
const INSTALL = ['--only', 'install', ...ALL]

describe.concurrent('hooks', () => {
  it('each is called in its place with what it is promised, and its words are in the logs', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/cc-ci.config.ts': config(`
  env: (ctx) => ({ FROM_ENV: 'domain ' + ctx.domain }),
  upgrade: { env: async (ctx) => ({ UPGRADED: (await ctx.exec('app', ['sh', '-c', 'echo $FROM_ENV'])).stdout.trim() }) },
  hooks: {
    preInstall: async (ctx) => {
      ctx.log('preInstall op=' + JSON.stringify(ctx.op) + ' frozen=' + Object.isFrozen(ctx))
      await ctx.exec('app', ['true']).catch((error) => ctx.log('exec before: ' + error.message))
    },
    preUpgrade: { run: async (ctx) => ctx.log('preUpgrade from ' + ctx.op?.before?.version), timeout: '30s' },
    preBackup: async (ctx) => void (await ctx.exec('app', ['sh', '-c', 'echo seeded > /data/seed'])),
    preRestore: async (ctx) => void (await ctx.exec('app', ['rm', '/data/seed'])),
  },
  ready: async (ctx) => (await ctx.exec('app', ['test', '-d', '/data'], { allowFailure: true })).exitCode === 0,
  backup: { verify: async (ctx) => (await ctx.exec('app', ['cat', '/data/seed'])).stdout === 'seeded\\n' },`),
      'cc-ci/compose.ci.yml':
        'version: "3.8"\nservices:\n  app:\n    environment:\n      FROM_ENV: ${FROM_ENV:-}\n      UPGRADED: ${UPGRADED:-}\n',
      'cc-ci/tests/upgrade.spec.ts': `import { expect, test } from 'cc-ci/test'
test('both environments arrived', async ({ app }) => {
  const { stdout } = await app.exec('app', ['sh', '-c', 'echo "$UPGRADED|$FROM_ENV"'])
  const domain = 'domain ' + new URL(app.baseUrl).host
  expect(stdout).toBe(domain + '|' + domain + '\\n')
})
`,
      'cc-ci/tests/restore.spec.ts': `import { expect, test } from 'cc-ci/test'
test('the seed is back', async ({ app, op }) => {
  expect(op.snapshot).toMatch(/^[0-9a-f]{8,}$/)
  expect((await app.exec('app', ['cat', '/data/seed'])).stdout).toBe('seeded\\n')
})
`,
    })
    const { results, exitCode, stdout } = await workshop.test([dir, ...ALL])
    expect(exitCode, stdout).toBe(0)
    expect(log(workshop, results.run.id, 'hook.hooks.preInstall')).toBe(
      'preInstall op=null frozen=true\nexec before: nothing of the app is deployed yet\n',
    )
    expect(log(workshop, results.run.id, 'hook.hooks.preUpgrade')).toBe('preUpgrade from 1.0.0+1\n')
    expect(tierOf(results, 'upgrade').tests).toMatchObject([{ status: 'passed' }])
    expect(tierOf(results, 'restore').tests).toMatchObject([{ title: 'the seed is back', status: 'passed' }])
    expect(results.leaks).toEqual([])
  })

  it('one that throws is the cause of its tier, with its own lines', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/cc-ci.config.ts': config(`  hooks: {
    preInstall: () => {
      throw new Error('no seeds today')
    },
  },`),
    })
    const { results, exitCode } = await workshop.test([dir, ...INSTALL])
    expect(exitCode).toBe(1)
    const { status, cause } = tierOf(results, 'install')
    expect({ status, code: cause?.code, blame: cause?.blame }).toEqual({
      status: 'fail',
      code: 'hook-failed',
      blame: 'recipe',
    })
    expect(cause?.message).toContain('no seeds today')
    expect(cause?.lines.join('\n')).toMatch(/cc-ci\.config\.ts:6/)
  })

  it('one that does not end is stopped by its own deadline, and says itself whether that is fatal', async () => {
    await using workshop = openWorkshop()
    const hang = (more: string) =>
      config(
        `  hooks: { preInstall: { run: () => new Promise(() => setInterval(() => {}, 1000)), timeout: '3s'${more} } },`,
      )
    const fatal = await tinkered(workshop, { 'cc-ci/cc-ci.config.ts': hang('') })
    const failed = await workshop.test([fatal, ...INSTALL])
    expect(tierOf(failed.results, 'install').cause).toMatchObject({
      code: 'hook-failed',
      message: expect.stringMatching(/3\.0 s/),
    })
    await using second = openWorkshop()
    const lenient = await tinkered(second, { 'cc-ci/cc-ci.config.ts': hang(`, onTimeout: 'continue'`) })
    const passed = await second.test([lenient, ...INSTALL])
    expect(tierOf(passed.results, 'install').status, passed.stdout).toBe('pass')
    expect(passed.results.findings.map(({ code }) => code)).toContain('hook-late')
  })

  it('a one-shot that is shipped at 0 replicas runs once; a failing one is told with its log', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/compose.ci.yml': ONE_SHOTS,
      'cc-ci/cc-ci.config.ts': config(`  ready: async (ctx) => {
    const { completed } = await ctx.runOnce('bucket', { timeout: '30s' })
    ctx.log('bucket completed=' + completed)
    await ctx.runOnce('broken').catch((error) => ctx.log(String(error.message)))
    const late = await ctx.runOnce('slow', { timeout: '1s', fatal: false })
    ctx.log('slow completed=' + late.completed)
    await ctx.runOnce('app').catch((error) => ctx.log(String(error.message)))
  },`),
    })
    const { results, stdout } = await workshop.test([dir, '--only', 'upgrade', ...ALL])
    expect(results.verdict, stdout).toBe('pass')
    const said = log(workshop, results.run.id, 'hook.ready')
    expect(said).toMatch(/bucket completed=true/)
    expect(said).toMatch(/exit code 3[\s\S]*no such bucket/)
    expect(said).toMatch(/slow completed=false/)
    expect(said).toMatch(/app has 1 replicas, not 0/)
    expect(results.findings.map(({ code }) => code)).toContain('one-shot-late')
  })
})

describe.concurrent('readiness and backups of the settings', () => {
  it('every kind of probe says yes', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/cc-ci.yml': `ready:
  - tcp: { service: app, port: 8080 }
  - http: { path: /ok.txt, contains: ok }
  - exec: { service: app, argv: [test, -d, /data] }
`,
    })
    const { results, stdout } = await workshop.test([dir, '--only', 'install'])
    const { status, checks } = tierOf(results, 'install')
    expect(status, stdout).toBe('pass')
    expect(checks.filter(({ name }) => name.startsWith('ready:'))).toHaveLength(3)
  })

  it.each([
    ['tcp', 'tcp: { service: app, port: 8081 }', /app listens on 8081.*refused/i],
    ['http', 'http: { path: /ok.txt, contains: ko }', /without "ko"/],
    ['exec', 'exec: { service: app, argv: [test, -d, /nowhere] }', /ended with 1/],
    ['log', 'log: { service: app, contains: never said }', /does not say so/],
  ])('a probe %s that says no is the cause', async (_, probe, says) => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { 'cc-ci/cc-ci.yml': `ready:\n  - ${probe}\n    timeout: 3s\n` })
    const { results } = await workshop.test([dir, '--only', 'install'])
    const { cause } = tierOf(results, 'install')
    expect(cause?.code).toBe('not-ready')
    expect(cause?.message).toMatch(says)
  })

  it('a backup that the recipe does not accept is made three times, then it fails', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/cc-ci.yml': 'backup:\n  verify:\n    - { volume: data, path: no-such-file }\n',
    })
    const { results } = await workshop.test([dir, '--only', 'backup'])
    const { cause, operations } = tierOf(results, 'backup')
    expect(cause?.code).toBe('backup-not-verified')
    expect(operations.filter(({ operation }) => operation.startsWith('back up'))).toHaveLength(3)
    expect(results.findings.filter(({ code }) => code === 'backup-not-verified')).toHaveLength(3)
  })

  it('one that it accepts the second time is good', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/cc-ci.config.ts': config(`  backup: {
    verify: async (ctx) => {
      const { exitCode } = await ctx.exec('app', ['sh', '-c', 'test -e /data/again || { touch /data/again; exit 1; }'], { allowFailure: true })
      return exitCode === 0
    },
  },`),
    })
    const { results, stdout } = await workshop.test([dir, '--only', 'restore', ...ALL])
    expect(tierOf(results, 'backup').status, stdout).toBe('pass')
    expect(tierOf(results, 'restore').status, stdout).toBe('pass')
    expect(results.findings.filter(({ code }) => code === 'backup-not-verified')).toHaveLength(1)
  })
})

describe.concurrent('the environment of the one deployment', () => {
  it('install-steps.sh sets env and inserts a secret at a bumped version', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'compose.secret.yml': SECRET,
      '.env.sample':
        'TYPE=healthy\nDOMAIN=healthy.example.com\nLETS_ENCRYPT_ENV=\nENABLE_BACKUPS=true\nCOMPOSE_FILE="compose.yml:compose.secret.yml"\nGREETING=\nSECRET_API_KEY_VERSION=v1 # generate=false\n',
      'cc-ci/install-steps.sh':
        'app-env GREETING "hello from $CC_CI_RECIPE at $CC_CI_DOMAIN"\nprintf "value-of-the-steps" | app-secret api_key -\n',
      'cc-ci/tests/install.spec.ts': `import { expect, test } from 'cc-ci/test'
test('both arrived', async ({ app }) => {
  const { stdout } = await app.exec('app', ['sh', '-c', 'echo "$GREETING"; cat /run/secrets/api_key'])
  expect(stdout).toContain('hello from healthy at ' + new URL(app.baseUrl).host)
  expect(stdout).toContain('value-of-the-steps')
})
`,
    })
    const { results, stdout, exitCode } = await workshop.test([dir, '--base', 'none', ...INSTALL])
    expect(exitCode, stdout).toBe(0)
    expect(tierOf(results, 'install').tests).toMatchObject([{ status: 'passed' }])
    expect(JSON.stringify(results)).not.toContain('value-of-the-steps')
    expect(results.flags).toEqual({ cleanTeardown: true, noSecretLeak: true })
  })

  it.each([
    ['ends with an error', 'echo looking for the seed >&2\nexit 4\n', /ended with 4/],
    ['uses what does not exist', 'app-env X "$CC_CI_DEP_NOBODY"\n', /ended with 1/],
    ['names a secret that is none', 'app-secret nobody value\n', /no external secret nobody/],
  ])('install-steps.sh that %s is the cause of install', async (_, script, says) => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { 'cc-ci/install-steps.sh': script })
    const { results } = await workshop.test([dir, '--base', 'none', ...INSTALL])
    const { status, cause } = tierOf(results, 'install')
    expect(status).not.toBe('pass')
    expect(['hook-failed', 'secret-missing']).toContain(cause?.code)
    expect(cause?.message).toMatch(says)
  })

  it('the CI overlay is applied to base and head and counts as chaos', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/compose.ci.yml': 'version: "3.8"\nservices:\n  app:\n    environment:\n      CI_ONLY: "1"\n',
      'cc-ci/tests/install.spec.ts': SEES_CI,
      'cc-ci/tests/upgrade.spec.ts': SEES_CI,
    })
    const { results, stdout, exitCode } = await workshop.test([dir, '--only', 'upgrade', ...ALL])
    expect(exitCode, stdout).toBe(0)
    const head = tierOf(results, 'upgrade').evidence.find(({ kind }) => kind === 'head-deployed')
    expect(head).toMatchObject({ label: expect.stringMatching(/^[0-9a-f]{8}\+U$/) })
    expect(results.customization.overlays).toEqual(['cc-ci/compose.ci.yml'])
  })

  it('an overlay that changes an image is refused with the place', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/compose.ci.yml': 'version: "3.8"\nservices:\n  app:\n    image: busybox:9\n',
    })
    const done = await workshop.run(['test', dir])
    expect(done.exitCode).toBe(2)
    expect(done.stderr).toMatch(/compose\.ci\.yml:4.*changes the image of app from .* to busybox:9/)
  })
})

describe.concurrent('the manifest', () => {
  it('is the same in plan and results, and shows no secret-named value', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/cc-ci.yml':
        'env:\n  API_TOKEN: never-to-be-shown\n  KEYCLOAK_URL: https://shown.example.org\nnotApplicable:\n  backup: there is nothing to keep\n',
      'cc-ci/tests/custom/none.spec.ts': '',
    })
    const planned = await workshop.run(['plan', dir, '--json'])
    const plan = JSON.parse(planned.stdout)
    const ran = await workshop.test([dir, '--only', 'install'])
    expect(ran.results.customization).toEqual(plan.customization)
    expect(plan.customization).toMatchObject({
      config: { env: { API_TOKEN: '***', KEYCLOAK_URL: 'https://shown.example.org' } },
      envOverrides: ['API_TOKEN', 'KEYCLOAK_URL'],
      sources: { env: expect.stringMatching(/cc-ci\.yml:\d+/) },
      refused: ['cc-ci/tests/custom/none.spec.ts'],
    })
    expect(plan.findings.map(({ code }: { code: string }) => code)).toContain('judged-all-the-same')
    const kept = readFileSync(join(workshop.state, 'runs', ran.results.run.id, 'events.ndjson'), 'utf8')
    for (const text of [planned.stdout, ran.stdout, JSON.stringify(ran.results), kept])
      expect(text).not.toContain('never-to-be-shown')
  })
})

const SEES_CI = `import { expect, test } from 'cc-ci/test'
test('CI_ONLY is there', async ({ app }) => {
  expect((await app.exec('app', ['sh', '-c', 'echo $CI_ONLY'])).stdout).toBe('1\\n')
})
`

const SECRET = `version: "3.8"
services:
  app:
    environment:
      GREETING: \${GREETING}
    secrets: [api_key]
secrets:
  api_key:
    external: true
    name: \${STACK_NAME}_api_key_\${SECRET_API_KEY_VERSION:-v1}
`

const ONE_SHOTS = `version: "3.8"
services:
  bucket:
    image: cc-ci-fixtures/busybox:1
    entrypoint: [/bin/sh, -c, "echo made the bucket"]
    deploy: { replicas: 0, restart_policy: { condition: none } }
  broken:
    image: cc-ci-fixtures/busybox:1
    entrypoint: [/bin/sh, -c, "echo no such bucket; exit 3"]
    deploy: { replicas: 0, restart_policy: { condition: none } }
  slow:
    image: cc-ci-fixtures/busybox:1
    entrypoint: [/bin/sh, -c, "sleep 4"]
    deploy: { replicas: 0, restart_policy: { condition: none } }
`

function log({ state }: Workshop, run: string, name: string): string {
  return readFileSync(join(state, 'runs', run, 'logs', `${name}.log`), 'utf8')
}

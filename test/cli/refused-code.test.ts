import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { commitAll, config, tierOf, tinkered, write } from './tinkered.ts'

const SPEC = `import { expect, test } from 'cc-ci/test'
test('it works', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByText('It works.')).toBeVisible()
})
`
const CODE = {
  'cc-ci/cc-ci.config.ts': config(
    `  hooks: { preInstall: (ctx) => ctx.log('preInstall ran') },\n  health: { path: '/ok.txt' },`,
  ),
  'cc-ci/install-steps.sh': 'echo install-steps ran\n',
  'cc-ci/tests/custom/works.spec.ts': SPEC,
}
const REFUSED = ['cc-ci/install-steps.sh', 'cc-ci/tests/custom/works.spec.ts']

describe.concurrent('code of a recipe repository runs only where the operator has approved it', () => {
  it('refused by default, listed, and the tier of tests is not green', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, CODE)
    const { results, exitCode, stdout } = await workshop.test([dir, '--base', 'none'])
    expect(exitCode, stdout).toBe(3)
    expect(results.verdict).toBe('unverified')
    expect(results.customization.refused).toEqual(expect.arrayContaining(REFUSED))
    expect(results.customization.refused.join(' ')).toMatch(/cc-ci\.config\.ts.*hooks\.preInstall/)
    expect(results.customization.config).toMatchObject({ 'health.path': '/ok.txt' })
    expect(tierOf(results, 'install')).toMatchObject({ status: 'pass' })
    expect(tierOf(results, 'functional')).toMatchObject({
      status: 'unverified',
      cause: { code: 'code-refused', blame: 'infra' },
    })
    expect(stdout).toContain('refused')
    expect(logs(workshop, results.run.id)).not.toMatch(/ran$/m)
  })

  it('the plan says which tiers that leaves open', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { ...CODE, 'cc-ci/cc-ci.config.ts': config(`  deps: ['smtp'],`) })
    const tiers = (await workshop.run(['plan', dir])).stdout.match(/^ {2}(functional|integration|install) .*$/gm)
    expect(tiers?.map((line) => line.trim().replace(/ +/, ' '))).toEqual([
      'install judged',
      'functional will be unverified: tests of the recipe are refused',
      'integration will be unverified: tests of the recipe are refused',
    ])
  })

  it('the code of a commit is approved, and no other; a branch moves on; taken back it is refused again', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, CODE)
    const approval = async () => JSON.parse((await workshop.run(['plan', dir, '--json'])).stdout).customization
    expect((await workshop.run(['approve', dir])).exitCode).toBe(0)
    expect(await approval()).toMatchObject({ refused: [], approval: expect.stringContaining('commit') })
    await commitAll(dir)
    expect(await approval()).toMatchObject({
      refused: [],
      approval: expect.stringMatching(/^its code is that of commit/),
    })
    write(dir, { 'cc-ci/install-steps.sh': 'echo other\n' })
    await commitAll(dir)
    expect((await approval()).refused).toHaveLength(3)
    expect((await workshop.run(['approve', dir, '--branch', 'main'])).exitCode).toBe(0)
    write(dir, { 'cc-ci/install-steps.sh': 'echo another\n' })
    await commitAll(dir)
    expect(await approval()).toMatchObject({ refused: [], approval: 'branch main is approved' })
    write(dir, { 'cc-ci/install-steps.sh': 'echo changed\n' })
    expect((await approval()).refused).toHaveLength(3)
    expect((await workshop.run(['approve', dir])).stderr).toMatch(/uncommitted/)
    await commitAll(dir)
    expect((await workshop.run(['approve', dir, '--revoke'])).stdout).toMatch(/revoked/)
    expect((await approval()).refused).toHaveLength(3)
    expect((await workshop.run(['approve', '--list'])).stdout).toMatch(/no approvals/)
  })

  it('a tag that is called like the approved branch approves nothing', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, CODE)
    await workshop.run(['approve', dir, '--branch', 'release'])
    expect((await workshop.run(['approve', dir, '--branch', 'release'])).stderr).toMatch(
      /no commit, tag or branch "release"/,
    )
  })

  it('approved, it runs: the hook, the script and the test', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, CODE)
    const { results, exitCode, stdout } = await workshop.test([dir, '--base', 'none', '--approve-code'])
    expect(exitCode, stdout).toBe(0)
    expect(tierOf(results, 'functional')).toMatchObject({
      status: 'pass',
      tests: [{ title: 'it works', status: 'passed' }],
    })
    expect(logs(workshop, results.run.id)).toMatch(/install-steps ran/)
    expect(logs(workshop, results.run.id)).toMatch(/preInstall ran/)
    expect(results.customization.refused).toEqual([])
    expect(results.leaks).toEqual([])
  })

  it('a list of approvals that cannot be read approves nothing, and says so', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, CODE)
    await workshop.run(['approve', dir])
    writeFileSync(join(workshop.state, 'approvals.json'), '{"schema":1,"approvals":[{"repository":"*"}]}')
    const done = await workshop.run(['plan', dir])
    expect(done.exitCode).toBe(2)
    expect(done.stderr).toMatch(/approvals\.json/)
  })

  it('what fails without the refused code is not held against the recipe', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(
      workshop,
      { 'cc-ci/cc-ci.config.ts': config(`  env: (ctx) => ({ X: ctx.domain }),`) },
      'crash-loop',
    )
    const { results } = await workshop.test([dir, '--only', 'install'])
    const { status, cause } = tierOf(results, 'install')
    expect({ status, code: cause?.code, blame: cause?.blame }).toEqual({
      status: 'unverified',
      code: 'code-refused',
      blame: 'infra',
    })
    expect(cause?.lines.join('\n')).toMatch(/crash-loop/)
  })
})

describe.concurrent('the compose policy', () => {
  const OVERLAY = 'version: "3.8"\nservices:\n  app:\n    volumes:\n      - /etc:/host-etc:ro\n'

  it('refuses before anything is made, and names the place', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { 'cc-ci/compose.ci.yml': OVERLAY })
    const { results, exitCode } = await workshop.test([dir, '--base', 'none'])
    expect(exitCode).toBe(1)
    const { status, cause, operations } = tierOf(results, 'install')
    expect({ status, code: cause?.code, operations }).toEqual({
      status: 'fail',
      code: 'policy-refused',
      operations: [],
    })
    expect(cause?.lines.join('\n')).toMatch(/compose\.ci\.yml:\d+.*\/etc.*bind-mount/)
    expect((await workshop.run(['plan', dir])).stdout).toMatch(/refused: .*bind-mount/)
  })

  it('what the operator allows for this recipe passes', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { 'cc-ci/compose.ci.yml': OVERLAY })
    write(workshop.dir, { 'operator/healthy/cc-ci.yml': 'policy:\n  allow: [bind-mount]\n' })
    const args = [dir, '--only', 'install', '--recipes', join(workshop.dir, 'operator')]
    const { results, stdout } = await workshop.test(args)
    expect(tierOf(results, 'install').status, stdout).toBe('pass')
  })

  it.each([
    [
      'the host of a dependency',
      'traefik.http.routers.x.rule=Host(`keycloak.ci.test`)',
      /requests of keycloak\.ci\.test/,
    ],
    ['any host', 'traefik.http.routers.x.rule=PathPrefix(`/`)', /has no host/],
    ['a host or anything', 'traefik.http.routers.x.rule=Host(`${DOMAIN}`) || PathPrefix(`/`)', /has no host/],
    ['every connection', 'traefik.tcp.routers.x.rule=HostSNI(`*`)', /requests of \*/],
    ['the inside of the edge', 'traefik.http.routers.x.service=api@internal', /of the edge itself/],
  ])('a route to %s is refused', async (_, label, says) => {
    await using workshop = openWorkshop()
    const labels = `version: "3.8"\nservices:\n  app:\n    deploy:\n      labels:\n        - "${label}"\n`
    const dir = await tinkered(workshop, { 'cc-ci/compose.ci.yml': labels })
    const { stdout } = await workshop.run(['plan', dir])
    expect(stdout).toMatch(says)
    expect(stdout).toMatch(/\[foreign-route\]/)
  })

  it('is asked again when a script has changed the environment', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'compose.evil.yml': OVERLAY,
      'cc-ci/install-steps.sh': 'app-env COMPOSE_FILE compose.yml:compose.evil.yml\n',
    })
    const { results } = await workshop.test([dir, '--base', 'none', '--only', 'install', '--approve-code'])
    expect(tierOf(results, 'install')).toMatchObject({ status: 'fail', cause: { code: 'policy-refused' } })
    expect(results.images).toEqual([])
  })

  it('what a recipe allows itself is an error', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { 'cc-ci/cc-ci.yml': 'policy:\n  allow: [bind-mount]\n' })
    const done = await workshop.run(['plan', dir])
    expect(done.exitCode).toBe(2)
    expect(done.stderr).toMatch(/cc-ci\.yml:\d+.*policy\.allow/)
  })
})

function logs({ state }: Workshop, run: string): string {
  const dir = join(state, 'runs', run, 'logs')
  return ['install-steps.log', 'hook.hooks.preInstall.log']
    .map((name) => join(dir, name))
    .filter(existsSync)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
}

describe.concurrent('settings and scripts hide nothing', () => {
  it('another list of compose files is refused', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/fake.yml': 'version: "3.8"\nservices:\n  app:\n    image: cc-ci-fixtures/busybox:1\n',
      'cc-ci/cc-ci.yml': 'env:\n  COMPOSE_FILE: cc-ci/fake.yml\n',
    })
    const { exitCode, stderr } = await workshop.run(['plan', dir])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/COMPOSE_FILE of the settings leaves out compose\.yml/)
  })

  it('a backup that the labels promise is judged, whatever the settings say', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { 'cc-ci/cc-ci.yml': 'backup:\n  capable: false\n' })
    const plan = JSON.parse((await workshop.run(['plan', dir, '--json'])).stdout)
    expect(plan.tiers).toContainEqual({ id: 'backup', kind: 'judged' })
    expect(plan.findings.map(({ code }: { code: string }) => code)).toContain('judged-all-the-same')
  })

  it('a refused test of an operation keeps the run from being green', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { 'cc-ci/tests/upgrade.spec.ts': SPEC })
    const { results, stdout } = await workshop.test([dir, '--only', 'functional'])
    expect(results.verdict, stdout).toBe('unverified')
    expect(tierOf(results, 'functional').cause?.code).toBe('code-refused')
  })

  it('a script that fails after it has set secrets shows none of them', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'cc-ci/install-steps.sh':
        'app-secret api_key value-of-a-secret\napp-env DB_PASSWORD value-of-a-password\necho value-of-a-secret and value-of-a-password\nfalse\n',
    })
    const { results, stdout } = await workshop.test([dir, '--base', 'none', '--only', 'install', '--approve-code'])
    expect(tierOf(results, 'install').cause?.code).toBe('hook-failed')
    const kept = logs(workshop, results.run.id)
    expect(kept).toContain('*** and ***')
    for (const text of [stdout, JSON.stringify(results), kept]) expect(text).not.toMatch(/value-of-a/)
  })
})

describe.concurrent('what an app may do to the machine is bounded', () => {
  it('an app that starts processes without end stops at its limit', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, {
      'serve.sh': '#!/bin/sh\nset -e\nwhile :; do sleep 1000 & done\n',
    })
    const { results } = await workshop.test([dir, '--only', 'install'])
    expect(tierOf(results, 'install').status).not.toBe('pass')
    expect(results.accommodations).toContain('service app: at most 2048 processes')
    expect(results.leaks).toEqual([])
  })
})

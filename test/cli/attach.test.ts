// cspell:ignore EHLO
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { execOk } from '../../src/lib/process/exec.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { tierOf, tinkered, write } from './tinkered.ts'

const SPEC = `import { expect, test } from 'cc-ci/test'
test('it works', async ({ page, app }) => {
  await page.goto('/')
  await expect(page.getByText('It works.')).toBeVisible()
  expect((await app.services()).map(({ service }) => service)).toEqual(['app'])
})
test('what the operation saw', async ({ op }) => {
  expect(op.name).toBe('never')
})
`

it('the custom tests run alone against the app of a kept run, again and again, and leave it as it is', async () => {
  await using workshop = openWorkshop()
  const dir = await tinkered(workshop, { 'cc-ci/tests/custom/works.spec.ts': SPEC })
  const kept = await workshop.test([dir, '--only', 'install', '--keep', '--approve-code'])
  expect(kept.exitCode, kept.stdout).toBe(0)
  const { id } = kept.results.run
  const [, curl = ''] = /^ {4}curl {5}(curl .*)$/m.exec(kept.stdout) ?? []
  expect(kept.stdout).toContain(`    remove   cc-ci gc ${id}\n`)
  expect((await execOk('sh', ['-c', `${curl} --silent`], { timeoutMs: 60_000 })).stdout, curl).toContain('It works.')
  const stack = await servicesOf(kept.results.run.stack)
  write(dir, { 'cc-ci/tests/custom/works.spec.ts': SPEC.replace('It works.', 'It never works.') })
  const attach = ['--only', 'functional', '--attach', id, '--approve-code']
  const failed = await workshop.test([dir, ...attach])
  expect(tierOf(failed.results, 'functional')).toMatchObject({ status: 'fail', cause: { code: 'test-failed' } })
  expect(failed.stdout).toMatch(/│ Error: expect[^│]*\n *│ Locator: getByText\('It never works\.'\)/)
  expect(failed.stdout).not.toMatch(/│ >? *\d+ \|/)
  expect((await workshop.run(['runs'])).stdout).toMatch(/ fail +level 0 +functional: test-failed$/m)
  write(dir, { 'cc-ci/tests/custom/works.spec.ts': SPEC })
  const passed = await workshop.test([dir, ...attach])
  expect(passed.exitCode, passed.stdout).toBe(0)
  const again = await workshop.test([dir, '--attach', 'last', '--approve-code'])
  expect(again.exitCode, again.stdout).toBe(0)
  expect(again.stdout).not.toMatch(/level 0|--only|remove everything/)
  expect(tierOf(passed.results, 'functional')).toMatchObject({
    status: 'pass',
    tests: [
      { title: 'it works', status: 'passed' },
      { title: 'what the operation saw', status: 'skipped', reason: expect.stringMatching(/operation/) },
    ],
  })
  const filtered = await workshop.test([dir, ...attach, '--grep', 'it wo.ks'])
  expect(tierOf(filtered.results, 'functional'), filtered.stdout).toMatchObject({
    status: 'pass',
    tests: [{ title: 'it works', status: 'passed' }],
  })
  expect(filtered.stdout.split('\n\n')[1]).toContain('only the tests whose titles match "it wo.ks"')
  const none = await workshop.test([dir, ...attach, '--grep', 'it does not'])
  expect(tierOf(none.results, 'functional'), none.stdout).toMatchObject({
    status: 'unverified',
    cause: { code: 'no-tests-ran', message: expect.stringContaining('"it does not"') },
  })
  for (const tier of ['install', 'upgrade', 'backup', 'restore'])
    expect(tierOf(passed.results, tier).status).toBe('skip')
  expect(tierOf(passed.results, 'teardown').status).toBe('pass')
  expect(await servicesOf(kept.results.run.stack)).toEqual(stack)
  await afterwards(workshop, dir, id)
})

const MAILS = `import { expect, test } from 'cc-ci/test'
test('mails', { tag: '@smtp' }, async ({ app, deps }) => {
  await deps.smtp.clear()
  const lines = ['EHLO app', 'MAIL FROM:<' + deps.smtp.from + '>', 'RCPT TO:<ann@example.org>', 'DATA', 'Subject: hello', '', '.', 'QUIT']
  const slowly = lines.map((line) => \`printf '%s\\\\r\\\\n' '\${line}'; sleep 0.1\`).join('; ')
  await app.exec('app', ['sh', '-c', \`{ \${slowly}; } | nc \${deps.smtp.host} \${deps.smtp.port}\`])
  expect((await deps.smtp.messages()).map(({ subject }) => subject)).toEqual(['hello'])
})
test('reaches the other app', { tag: '@integration' }, async ({ deps, request }) => {
  expect(await (await request.get(deps.other.baseUrl + '/ok.txt')).text()).toBe('ok\\n')
})
`

it('integration tests run against the dependencies of the kept run, which stay until it goes', async () => {
  await using workshop = openWorkshop()
  const recipes = join(workshop.dir, 'recipes')
  mkdirSync(recipes)
  await buildRecipe('healthy', join(recipes, 'other'))
  const spec = 'cc-ci/tests/custom/mails.spec.ts'
  const files = { 'cc-ci/cc-ci.yml': 'deps: [smtp, other]\n', [spec]: MAILS.replace("['hello']", "['bye']") }
  const dir = await tinkered(workshop, files)
  const options = ['--recipes', recipes, '--approve-code']
  const kept = await workshop.test([dir, '--only', 'integration', '--keep', ...options])
  expect(tierOf(kept.results, 'integration'), kept.stdout).toMatchObject({ status: 'fail' })
  const { id } = kept.results.run
  const file = join(workshop.state, 'runs', id, 'kept-deps.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)

  write(dir, { [spec]: MAILS })
  const attached = await workshop.test([dir, '--attach', 'last', ...options])
  expect(attached.exitCode, attached.stdout).toBe(0)
  expect(tierOf(attached.results, 'integration')).toMatchObject({
    status: 'pass',
    tests: [{ title: 'mails' }, { title: 'reaches the other app' }],
    evidence: expect.arrayContaining([
      {
        kind: 'provider',
        providers: [
          { name: 'smtp', healthy: true },
          { name: 'other', healthy: true },
        ],
      },
    ]),
  })

  await execOk('docker', ['rm', '-f', `${kept.results.run.stack}_ccci-smtp`], { timeoutMs: 300_000 })
  const without = await workshop.test([dir, '--only', 'integration', '--attach', id, ...options])
  const { status, cause } = tierOf(without.results, 'integration')
  expect({ status, ...cause }, without.stdout).toMatchObject({
    status: 'unverified',
    code: 'dep-failed',
    blame: 'infra',
    message: expect.stringMatching(/^smtp is not there \(any more\): /),
    hint: expect.stringContaining(`cc-ci gc ${id}`),
  })
  expect((await workshop.run(['gc', id])).exitCode).toBe(0)
  expect(existsSync(file)).toBe(false)
  expect(await leftOnEngine(workshop)).toEqual([])
})

it('a dependency that the kept run did not have is named, and credentials of one that it had are masked', async () => {
  await using workshop = openWorkshop()
  const spec = { 'cc-ci/tests/custom/works.spec.ts': SPEC }
  const dir = await tinkered(workshop, spec)
  const kept = await workshop.test([dir, '--only', 'install', '--keep', '--approve-code'])
  const { id, stack } = kept.results.run
  const password = 'a-password-of-the-kept-run'
  // As a dependency with a login leaves it, without the minutes that a Keycloak takes.
  const given = {
    credentials: { host: 'sink', port: '25', from: password },
    secrets: [password],
    reach: null,
    authority: null,
  }
  write(join(workshop.state, 'runs', id), { 'kept-deps.json': JSON.stringify({ schema: 1, deps: { smtp: given } }) })
  write(dir, {
    'cc-ci/cc-ci.yml': 'deps: [smtp, keycloak]\n',
    'cc-ci/tests/custom/says.spec.ts': `import { expect, test } from 'cc-ci/test'
test('says it', { tag: '@smtp' }, async ({ deps }) => expect(deps.smtp.from).toBe('it'))
`,
  })
  const attached = await workshop.test([dir, '--attach', id, '--approve-code'])
  expect(tierOf(attached.results, 'integration'), stack).toMatchObject({
    status: 'unverified',
    cause: { code: 'dep-failed', message: expect.stringMatching(/keycloak is not there .* was kept without keycloak/) },
  })
  const folder = join(workshop.state, 'runs', attached.results.run.id)
  const all = ['events.ndjson', 'results.json', 'report.html'].map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(all.join('') + attached.stdout).not.toContain(password)
  expect((await workshop.run(['gc', id])).exitCode).toBe(0)
  expect(await leftOnEngine(workshop)).toEqual([])
})

async function afterwards(workshop: Workshop, dir: string, id: string): Promise<void> {
  const wrong = await workshop.run(['test', dir, '--only', 'upgrade', '--attach', id])
  expect(wrong.stderr).toMatch(/upgrade cannot be judged on the app of another run/)
  expect((await workshop.run(['gc', id])).exitCode).toBe(0)
  expect(await leftOnEngine(workshop)).toEqual([])
  const gone = await workshop.run(['test', dir, '--attach', id])
  expect(gone.exitCode).toBe(2)
  expect(gone.stderr).toMatch(/has left no app up/)
}

async function servicesOf(stack: string): Promise<string> {
  const format = ['--format', '{{.ID}} {{.Name}}']
  return (await execOk('docker', ['stack', 'services', stack, ...format], { timeoutMs: 300_000 })).stdout
}

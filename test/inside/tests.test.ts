import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readZip } from '../../src/lib/files/zip.ts'
import { Masker } from '../../src/lib/masking/mask.ts'
import { judgeTests } from '../../src/lifecycle/custom/judge-tests.ts'
import { maskAs, maskFile } from '../../src/lifecycle/masked-file.ts'
import { servePage } from './support/page-server.ts'
import { runSpecs, runSpecsOnce } from './support/run-specs.ts'
import { FACTS, fakeSandbox } from './support/sandbox.ts'

const IMPORT = "import { test, expect } from 'cc-ci/test'\n"
const PASSING = `${IMPORT}test('adds', () => { expect(1 + 1).toBe(2) })\n`

describe('tests that do what they should', { timeout: 120_000 }, () => {
  it('see the app in a browser, by request and through its services; tags, blocks and output are kept', async () => {
    await using page = await servePage()
    const asked: unknown[] = []
    const run = await runSpecsOnce(
      {
        'tests/custom/app.spec.ts': `${IMPORT}
enum Kind { Todo = 'todo' }
test.describe('the list', { tag: '@slow' }, () => {
  test('shows', { tag: ['@ui'] }, async ({ page }) => {
    await page.goto('/')
    await expect(page.getByRole('heading')).toHaveText('Your list')
  })
})
test('answers', async ({ request, config }) => {
  expect(await (await request.get(config.health.path)).json()).toEqual({ ok: true })
})
test('has services', async ({ app, recipe }) => {
  console.log('recipe', recipe.name, app.baseUrl)
  expect(recipe.name).toBe(Kind.Todo)
  expect((await app.exec('db', ['psql', '-c', 'select 1'], { timeout: '5s', input: 'x' })).stdout).toBe('1')
  expect((await app.exec('db', ['false'], { allowFailure: true })).exitCode).toBe(1)
  expect(await app.logs('app')).toBe('listening')
  expect(await app.services()).toHaveLength(1)
  expect(() => { config.deps.push('x') }).toThrow()
})
`.replace('({ app, recipe })', '({ app, recipe, config })'),
      },
      {
        handlers: {
          context: async () => ({ ...FACTS, baseUrl: page.url }),
          exec: async (params) => {
            asked.push(params)
            const isFalse = (params as { argv: string[] }).argv[0] === 'false'
            return { exitCode: isFalse ? 1 : 0, stdout: '1', stderr: '' }
          },
          logs: async () => 'listening',
          services: async () => [{ service: 'app', image: 'todo:1', replicas: 1 }],
        },
      },
    )
    expect(run.rows.map(({ error }) => error).filter(Boolean)).toEqual([])
    expect(run.lines).toEqual(['passed the list › shows', 'passed answers', 'passed has services'])
    expect(run.row('the list › shows')).toMatchObject({ tags: ['@slow', '@ui'], file: 'tests/custom/app.spec.ts' })
    expect(asked[0]).toEqual({ service: 'db', argv: ['psql', '-c', 'select 1'], timeoutMs: 5000, input: 'x' })
    expect(run.output).toContain(`recipe todo ${page.url}`)
    expect(run.exitCode).toBe(0)
    expect(judgeTests(run.rows, run.empty)).toMatchObject({ outcome: 'pass', executed: { length: 3 } })
  })

  it('may open a page of another site that uses the app, though the app is at a private address here', async () => {
    await using page = await servePage()
    const run = await runSpecsOnce(
      {
        'tests/custom/embedded.spec.ts': `${IMPORT}
test('is embedded', async ({ app, page }) => {
  const body = '<script>fetch("' + app.baseUrl + '/health", { mode: "no-cors" }).then(() => { document.title = "asked" })</script>'
  await page.route('https://shop.example.org/', (route) => route.fulfill({ contentType: 'text/html', body }))
  await page.goto('https://shop.example.org/')
  await expect(page).toHaveTitle('asked')
})
`,
      },
      { handlers: { context: async () => ({ ...FACTS, baseUrl: page.url }) } },
    )
    expect(run.rows.map(({ error }) => error).filter(Boolean)).toEqual([])
    expect(run.lines).toEqual(['passed is embedded'])
  })

  it('may be modules: beside a package.json that says so they await at the top', async () => {
    const run = await runSpecsOnce({
      'package.json': '{ "type": "module" }',
      'tests/custom/adds.spec.ts': `${PASSING}await Promise.resolve()\n`,
    })
    expect(run.lines).toEqual(['passed adds'])
  })

  it('leave traces whose texts can be masked, and which are whole afterwards', async () => {
    await using page = await servePage()
    await using box = await fakeSandbox()
    const secret = 'correct horse battery'
    const run = await runSpecs(
      box,
      {
        'tests/custom/types.spec.ts': `${IMPORT}
test('types', async ({ page }) => {
  await page.goto('/?q=' + encodeURIComponent(${JSON.stringify(secret)}))
  await page.setContent('<input type=password><p>&amp; ' + ${JSON.stringify(secret)})
  await page.fill('input', ${JSON.stringify(secret)})
  await expect(page.getByRole('button')).toBeVisible({ timeout: 300 })
})
`,
      },
      { handlers: { context: async () => ({ ...FACTS, baseUrl: page.url }) } },
    )
    const { path = '' } = run.row('types').attachments.find(({ name }) => name === 'trace') ?? {}
    const trace = join(box.dir, 'output', path)
    const masker = new Masker()
    masker.add(secret)
    const holding = () =>
      (readZip(readFileSync(trace), { maxBytes: 1e8, maxEntries: 10_000 }) ?? [])
        .filter(({ content }) => masker.leaks(content.toString('latin1')))
        .map(({ name }) => name)
    expect(holding().length).toBeGreaterThan(0)
    const look = maskFile(trace, (text, name) => maskAs(name, text, (one) => masker.mask(one)))
    expect(look).toEqual({ changed: true, unseen: 'within' })
    expect(holding()).toEqual([])
    for (const { name, content } of readZip(readFileSync(trace), { maxBytes: 1e8, maxEntries: 10_000 }) ?? [])
      if (/\.(trace|network)$/.test(name))
        for (const line of content.toString().split('\n').filter(Boolean)) expect(() => JSON.parse(line)).not.toThrow()
  })

  it('keep a screenshot, a trace and the error with its place when they fail', async () => {
    await using page = await servePage()
    await using box = await fakeSandbox()
    const run = await runSpecs(
      box,
      {
        'tests/custom/fails.spec.ts': `${IMPORT}
test('finds', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('button')).toBeVisible({ timeout: 300 })
})
test('runs', async ({ app }) => {
  await app.exec('db', ['psql', '-c', 'select nothing'])
})
test('compares', async ({ page }) => {
  await expect(page).toHaveScreenshot('page.png', { timeout: 500 })
})
`,
      },
      {
        handlers: {
          context: async () => ({ ...FACTS, baseUrl: page.url }),
          exec: async () => ({ exitCode: 1, stdout: '', stderr: 'first\nERROR:  no such column' }),
        },
      },
    )
    const finds = run.row('finds')
    expect(finds.error).toMatch(
      /toBeVisible[\s\S]*element\(s\) not found[\s\S]*at recipe\/tests\/custom\/fails\.spec\.ts:5:/,
    )
    expect(finds.error).not.toContain('\u001b')
    expect(finds.error).not.toContain(box.dir)
    expect(finds.attachments.map(({ name }) => name)).toEqual(['screenshot', 'error-context', 'trace'])
    for (const { path } of finds.attachments) expect(existsSync(join(box.dir, 'output', path)), path).toBe(true)
    expect(run.row('runs').error).toMatch(/\["psql","-c","select nothing"\] in db ended with 1:\n {2}first\n {2}ERROR/)
    expect(run.row('runs').error).toContain('at recipe/tests/custom/fails.spec.ts:8:3')
    expect(run.row('compares').status).toBe('failed')
    expect(run.exitCode).toBe(1)
    expect(judgeTests(run.rows, run.empty)).toMatchObject({ outcome: 'fail', cause: { code: 'test-failed' } })
  })

  it('mean what Playwright Test means with skip, fixme, fail and a time of their own', async () => {
    const run = await runSpecsOnce(
      {
        'tests/custom/marks.spec.ts': `${IMPORT}
test.skip('skipped', () => {})
test('skipped inside', () => { test.skip(true, 'not with this database') })
test.fixme('to fix', () => {})
test('known to fail', () => { test.fail(); expect(1).toBe(2) })
test('fails no more', () => { test.fail() })
test('too slow', async () => { await new Promise(() => {}) })
test.describe.serial('in order', () => {
  test('one', () => { expect(1).toBe(2) })
  test('two', () => {})
})
`,
      },
      { testTimeoutMs: 1_000 },
    )
    expect(run.lines).toEqual([
      'skipped skipped',
      'skipped skipped inside',
      'skipped to fix',
      'passed known to fail',
      'failed fails no more',
      'failed too slow',
      'failed in order › one',
      'failed in order › two',
    ])
    expect(run.row('skipped inside').reason).toBe('not with this database')
    expect(run.row('to fix').reason).toContain('to be fixed')
    expect(run.row('fails no more').error).toContain('test.fail()')
    expect(run.row('too slow').error).toContain('1000ms exceeded')
    expect(run.row('in order › two').error).toContain('did not run')
  })
})

describe('op and deps', { timeout: 120_000 }, () => {
  const SPEC = `${IMPORT}
test('newer', async ({ op }) => { expect(op.after.version).toBe('2') })
test('mails', { tag: '@integration' }, async ({ deps }) => {
  expect(await deps.smtp.messages()).toEqual(['hello'])
  await deps.smtp.clear({ all: true })
})
test('logs in', { tag: '@keycloak' }, async ({ deps: { keycloak } }) => { expect(keycloak.clientId).toBe('app') })
`

  it('skip with the reason when the test runs alone', async () => {
    const facts = { ...FACTS, config: { ...FACTS.config, deps: ['smtp', 'keycloak'] } }
    const run = await runSpecsOnce({ 'tests/custom/x.spec.ts': SPEC }, { handlers: { context: async () => facts } })
    expect(run.lines).toEqual(['skipped newer', 'skipped mails', 'skipped logs in'])
    expect(run.row('newer').reason).toContain('there was no operation before this test')
    expect(run.row('mails').reason).toContain('"smtp" is not there: the test runs alone')
    expect(run.exitCode).toBe(0)
    expect(run.onlySkipped).toHaveLength(1)
    expect(judgeTests(run.rows, run.empty)).toMatchObject({
      outcome: 'unverified',
      cause: { code: 'no-tests-ran', message: expect.stringContaining('there was no operation') },
    })
  })

  it('give what the harness says, and pass on what a dependency is asked', async () => {
    const asked: unknown[] = []
    const facts = {
      ...FACTS,
      config: { ...FACTS.config, deps: ['smtp', 'keycloak'] },
      deps: { smtp: { host: 'h' }, keycloak: { clientId: 'app' } },
      calls: { smtp: ['messages', 'clear'] },
      op: { name: 'upgrade', before: null, after: { version: '2' }, snapshot: null },
    }
    const dep = async (params: unknown) => {
      asked.push(params)
      return ['hello']
    }
    const files = { 'tests/upgrade.spec.ts': SPEC }
    const run = await runSpecsOnce(files, { handlers: { context: async () => facts, dep } })
    expect(run.lines).toEqual(['passed newer', 'passed mails', 'passed logs in'])
    expect(asked).toEqual([
      { name: 'smtp', method: 'messages', params: null },
      { name: 'smtp', method: 'clear', params: { all: true } },
    ])
  })

  it('say what is missing: the tag, the declaration, the name', async () => {
    const facts = { ...FACTS, config: { deps: ['smtp'] }, deps: { smtp: { host: 'h' } }, calls: { smtp: ['messages'] } }
    const run = await runSpecsOnce(
      {
        'tests/custom/x.spec.ts': `${IMPORT}
test('untagged', async ({ deps }) => { deps.smtp })
test('undeclared', { tag: '@integration' }, async ({ deps }) => { deps.keycloak })
test('unknown key', { tag: '@smtp' }, async ({ deps }) => { deps.smtp.hots })
`,
      },
      { handlers: { context: async () => facts } },
    )
    expect(run.lines).toEqual(['failed untagged', 'failed undeclared', 'failed unknown key'])
    expect(run.row('untagged').error).toContain("needs one of the tags @integration, @smtp: test('…', { tag:")
    expect(run.row('undeclared').error).toContain('Add it to "deps:" in cc-ci.yml; declared are smtp.')
    expect(run.row('unknown key').error).toContain('It has host, messages().')
  })
})

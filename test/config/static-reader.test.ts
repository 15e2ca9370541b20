import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { loadSettings } from '../../src/config/load.ts'
import { folder } from '../recipe/throwaway.ts'
import { CONFIG, config, loadConfig, problemsOf, YAML } from './loading.ts'

describe('what cc-ci.config.ts says is read', () => {
  test('literals of every kind, constants, and types that vanish', async () => {
    const top = [
      "import type { RecipeConfig } from 'cc-ci'",
      "const PATH = '/api' as const",
      'export const STATUSES: number[] = [200, 4_01]',
      'const health = { path: PATH, status: STATUSES }',
      "interface Unused<T> { value: T }; type ünïcode = 'é😀'",
    ].join('\n')
    const literal = '{ health, "timeouts": { deploy: `4m` } } satisfies RecipeConfig'
    const { settings, sources, functions } = await loadConfig(config(literal, top))
    expect(settings.health).toEqual({ path: '/api', status: [200, 401] })
    expect(settings.timeouts.deploy).toBe(240_000)
    expect(functions.size).toBe(0)
    expect(sources.get('health.path')).toEqual({ file: CONFIG, line: 3, column: 14 })
    expect(sources.get('timeouts.deploy')).toEqual({ file: CONFIG, line: 7, column: 61 })
  })

  test('functions by name, place and parameters, with the timeout they get', async () => {
    const text = config(
      `{
  timeouts: { hook: '90s' },
  env: (ctx) => ({ A: ctx.domain }),
  ready: { run: async ({ exec }: { exec: unknown }) => true, timeout: '3m', onTimeout: 'continue' },
  screenshot: picture,
  hooks: { preInstall, preBackup() {}, preRestore: async function () {} },
}`,
      'async function picture(page: unknown, ctx: unknown) {}\nconst preInstall = (ctx = {}) => {}',
    )
    const { functions, settings, written } = await loadConfig(text)
    const seen = [...functions.values()].map(({ name, params, timeoutMs, onTimeout, where, side, file }) => {
      expect([side, file]).toEqual(['recipe', 'cc-ci.config.ts'])
      return `${name} (${params.join(', ')}) ${timeoutMs} ${onTimeout} ${where.line}:${where.column}`
    })
    expect(seen.sort()).toEqual([
      'env (ctx) 90000 fail 6:8',
      'hooks.preBackup () 90000 fail 9:33',
      'hooks.preInstall (ctx = {}) 90000 fail 3:20',
      'hooks.preRestore () 90000 fail 9:52',
      'ready ({ exec }) 180000 continue 7:17',
      'screenshot (page, ctx) 90000 fail 2:1',
    ])
    expect([settings.env, settings.ready, settings.screenshot]).toEqual([{}, [], { path: '/' }])
    expect(written.get('env')).toBe('(ctx) => …')
  })

  test('nothing of it is run', async () => {
    const top = "import { seed } from './nowhere.ts'\nthrow new Error('it was run')\nprocess.exit(1)"
    const { settings } = await loadConfig(config("{ env: { A: 'b' }, hooks: { preBackup: (ctx) => seed(ctx) } }", top))
    expect(settings.env).toEqual({ A: 'b' })
  })

  const text = fc.string({ unit: fc.constantFrom(...'aä😀 \'"`\\$#:{}[]-\n\t0') })
  const settingsData = fc.record(
    {
      health: fc.record({ status: fc.array(fc.integer({ min: 100, max: 599 }), { minLength: 1 }) }),
      env: fc.dictionary(fc.stringMatching(/^[A-Z][A-Z_]{0,8}$/), text),
      backup: fc.record({ capable: fc.constantFrom('auto', true, false) }, { requiredKeys: [] }),
      notApplicable: fc.record({ backup: text.map((reason) => `abc ${reason}`) }),
      ready: fc.array(
        fc.record({
          exec: fc.record({ service: fc.constant('db'), argv: fc.array(text, { minLength: 1, maxLength: 4 }) }),
        }),
        { maxLength: 4 },
      ),
      canonical: fc.boolean(),
    },
    { requiredKeys: [] },
  )

  test('the same data as YAML and as TypeScript gives the same settings', async () => {
    await fc.assert(
      fc.asyncProperty(
        settingsData,
        fc.nat(9).map((n) => n === 0),
        async (data, typed) => {
          const asYaml = await folder({ [YAML]: stringify(data, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }) })
          const { settings } = await loadConfig(config(JSON.stringify(data, null, 1), typed ? 'type A = string' : ''))
          expect(settings).toEqual((await loadSettings({ recipeDir: asYaml, recipeName: 'gitea' })).settings)
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('what cannot be known without running it is refused, with place and advice', () => {
  // The place that is expected is marked in the literal.
  test.each([
    ['a call', '{ canonical: @isGreen() }', /"isGreen\(\)" would have to be run .*as a function where/],
    ['a sum', "{ health: { path: @'/' + 'x' } }", /literally/],
    ['a template with a value', '{ health: { path: @`/${1}` } }', /literally/],
    ['a spread', '{ @...other }', /"\.\.\.other"/],
    ['a spread in a list', '{ deps: [@...other] }', /"\.\.\.other"/],
    ['a computed key', "{ @['env']: {} }", /literally/],
    ['a getter', '{ @get env() { return {} } }', /literally/],
    ['a condition', '{ canonical: @true ? true : false }', /literally/],
    ['a member', '{ canonical: @process.env.X }', /literally/],
    ['an unknown name', '{ canonical: @undefined }', /"undefined"/],
    ['a number that is too big to be one', '{ canonical: @1n }', /literally/],
    ['a pattern', '{ health: { path: @/x/ } }', /literally/],
    ['a hole', '{ deps: @[, "smtp"] }', /has a hole/],
    ['the same key twice', '{ deps: [], @deps: [] }', /deps is there twice/],
    ['a hidden key', '{ env: { @__proto__: "x" } }', /unknown setting env\.__proto__/],
  ])('%s', async (_, marked, says) => {
    const column = 'export default defineRecipe('.length + marked.indexOf('@') + 1
    const found = await problemsOf(loadConfig(config(marked.replace('@', ''))))
    expect(found).toEqual([expect.stringMatching(says)])
    expect(found[0]).toContain(`${CONFIG}:3:${column} `)
  })

  test.each([
    ['a constant that is itself', 'const a = a', '{ canonical: a }', /^cc-ci\/cc-ci\.config\.ts:2:11 "a" would/],
    ['a variable', 'let a = true', '{ canonical: a }', /:3:42 a is not a constant .*const/],
    ['an imported value', "import { a } from './a.ts'", '{ env: a }', /a is imported from "\.\/a\.ts" .*wrap/],
    ['an enum', 'enum A { B }', '{}', /config\.ts:2:1 TypeScript enum .*erased/],
    ['a namespace', 'namespace A { export const b = 1 }', '{}', /:2:1 .*namespace.*erased/],
    [
      'a parameter property',
      'class A { constructor(private x: number) {} }',
      '{}',
      /:2:31 .*parameter property.*erased/,
    ],
    ['a syntax error', 'const = 1', '{}', /config\.ts:2:7 .*Fix the syntax/],
    ['what only the second parser sees', 'const a = 1; const a = 2', '{}', /config\.ts:2:20 .*already been declared/],
  ])('%s', async (_, top, literal, says) => {
    expect(await problemsOf(loadConfig(config(literal, top)))).toEqual([expect.stringMatching(says)])
  })

  test.each([
    ['nothing', '', /there is no default export .*defineRecipe/],
    ['an object', 'export default {}', /:1:16 the default export is not defineRecipe/],
    ['another call', 'export default other({})', /:1:16 other is not the defineRecipe of "cc-ci"/],
    ['one of its own', 'const defineRecipe = (x) => x\nexport default defineRecipe({})', /:2:16 .*of "cc-ci"/],
    ['two arguments', config('{}, {}'), /takes one argument/],
    ['a list', config('[]'), /takes a mapping/],
  ])('a file that exports %s', async (_, text, says) => {
    const found = await problemsOf(loadConfig(text))
    expect(found).toEqual([expect.stringMatching(says)])
  })

  test.each([1000, 5000, 20_000])(
    '%i brackets in each other, and the next file is read all the same',
    async (depth) => {
      const deep = config(`{ deps: ${'('.repeat(depth)}1${')'.repeat(depth)} }`)
      expect(await problemsOf(loadConfig(deep))).toEqual([expect.stringMatching(/^cc-ci\/cc-ci\.config\.ts.*/)])
      expect((await loadConfig(config('{ canonical: true as boolean }'))).settings.canonical).toBe(true)
    },
  )

  test('constants that multiply', async () => {
    const names = [...'abcdefgh']
    const top = names.map((name, i) => `const ${name} = [${i === 0 ? '1' : Array(9).fill(names[i - 1])}]`).join('\n')
    expect(await problemsOf(loadConfig(config('{ health: { status: h } }', top)))).toContainEqual(
      expect.stringMatching(/more than 5000 values/),
    )
  })

  test('an import under another name is defineRecipe too', async () => {
    const { settings } = await loadConfig(
      "import { defineRecipe as d } from 'cc-ci'\nexport default d({ canonical: true })",
    )
    expect(settings.canonical).toBe(true)
  })
})

describe('functions are refused', () => {
  test.each([
    [
      'with more parameters than they get',
      '{ env: (ctx, more) => ({}) }',
      /:3:36 env is called with \(ctx\); found \(ctx, more\)/,
    ],
    [
      'of a screenshot, three',
      '{ screenshot: (a, b, c) => {} }',
      /screenshot is called with \(page, ctx\); found \(a, b, c\)/,
    ],
    [
      'that collect their parameters',
      '{ hooks: { preBackup: (...all) => {} } }',
      /preBackup is called with \(ctx\); .*\.\.\./,
    ],
    ['that are generators', '{ hooks: { *preBackup() {} } }', /generator/],
    ['where data is due', '{ canonical: () => true }', /:3:42 canonical is data, not a function .*env, upgrade\.env/],
    ['deep in data', '{ env: { A: () => "x" } }', /env\.A is data, not a function/],
    ['in a list', '{ deps: [() => "x"] }', /deps\.0 is data/],
    [
      'with an option that is none',
      '{ env: { run: () => ({}), deadline: "1m" } }',
      /env: .*deadline.* Allowed: \{ run/,
    ],
    [
      'with a timeout without end',
      '{ env: { run: () => ({}), timeout: "3h" } }',
      /env\.timeout: a duration from 1s to 2h/,
    ],
    ['that are data', '{ hooks: { preBackup: "echo" } }', /hooks\.preBackup is a function; found "echo" Write it in/],
    ['of a hook that does not exist', '{ hooks: { preDeploy: () => {} } }', /:3:40 unknown setting hooks\.preDeploy/],
  ])('%s', async (_, literal, says) => {
    expect(await problemsOf(loadConfig(config(literal)))).toEqual([expect.stringMatching(says)])
  })

  test('all problems at once, in the order of the file', async () => {
    const found = await problemsOf(
      loadConfig(config('{\n canonical: f(),\n env: (a, b) => ({}),\n deps: () => [],\n}')),
    )
    expect(found.map((line) => line.split(' ')[0])).toEqual([`${CONFIG}:4:13`, `${CONFIG}:5:7`, `${CONFIG}:6:8`])
  })
})

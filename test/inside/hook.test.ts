import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RpcHandlers } from '../../src/sandbox/contract.ts'
import { servePage } from './support/page-server.ts'
import { FACTS, type FakeSandbox, fakeSandbox } from './support/sandbox.ts'

let box: FakeSandbox
beforeAll(async () => {
  box = await fakeSandbox()
})
afterAll(() => box[Symbol.asyncDispose]())

interface HookRun {
  readonly exitCode: number | null
  readonly output: string
  /** Method and parameters of every request but `context`. */
  readonly asked: readonly (readonly [string, unknown])[]
}

/** Has the real program call the function `name` of a settings file. */
async function runHook(
  config: string,
  name: string,
  options: { readonly handlers?: RpcHandlers; readonly env?: Record<string, string>; readonly side?: string } = {},
): Promise<HookRun> {
  const { side = 'recipe', env = {} } = options
  await box.write({ [`${side}/cc-ci.config.ts`]: config })
  const asked: [string, unknown][] = []
  const noted = (method: string) => async (params: unknown) => {
    asked.push([method, params])
    return (await options.handlers?.[method]?.(params)) ?? null
  }
  const methods = ['exec', 'runOnce', 'log', 'return', 'threw']
  const handlers = { ...options.handlers, ...Object.fromEntries(methods.map((method) => [method, noted(method)])) }
  const file = join(box.dir, 'code', side, 'cc-ci.config.ts')
  const { exitCode, stdout, stderr } = await box.run('hook.ts', [file, name], { handlers, env })
  return { exitCode, output: stdout + stderr, asked }
}

function threw({ asked }: HookRun): { name: string; message: string; stack: string[] } {
  return asked.find(([method]) => method === 'threw')?.[1] as ReturnType<typeof threw>
}

describe('a hook', () => {
  it('gets its ctx, asks the harness, logs and gives its value back', async () => {
    const run = await runHook(
      `export default {
  hooks: {
    async preUpgrade(ctx) {
      console.log('plainly')
      ctx.log('before')
      const { stdout } = await ctx.exec('db', ['psql'], { timeout: '2m', input: 'select 1' })
      const { completed } = await ctx.runOnce('bucket', { timeout: '90s', fatal: false })
      ctx.log('after')
      return { stdout, completed, path: ctx.config.health.path, url: ctx.baseUrl, name: ctx.recipe.name, aborted: ctx.signal.aborted }
    },
  },
}
`,
      'hooks.preUpgrade',
      {
        handlers: {
          exec: async () => ({ exitCode: 0, stdout: 'a\u2028b', stderr: '' }),
          runOnce: async () => ({ completed: false }),
        },
      },
    )
    expect(run.asked).toEqual([
      ['log', { text: 'before' }],
      ['exec', { service: 'db', argv: ['psql'], timeoutMs: 120_000, input: 'select 1' }],
      ['runOnce', { service: 'bucket', timeoutMs: 90_000, fatal: false }],
      ['log', { text: 'after' }],
      [
        'return',
        {
          value: {
            stdout: 'a\u2028b',
            completed: false,
            path: '/health',
            url: FACTS.baseUrl,
            name: 'todo',
            aborted: false,
          },
        },
      ],
    ])
    expect(run).toMatchObject({ exitCode: 0, output: 'plainly\n' })
  })

  it('may be written with its time, use defineRecipe-like wrappers and files beside it, and leave things open', async () => {
    await box.write({ 'recipe/names.ts': 'export const names: string[] = ["a"]\n' })
    const run = await runHook(
      `import { names } from './names.ts'
const wrap = <T>(settings: T): T => settings
setInterval(() => {}, 1000)
export default wrap({ env: { run: (ctx: unknown) => ({ NAMES: names.join() }), timeout: '1m' } })
`,
      'env',
    )
    expect(run).toMatchObject({ exitCode: 0, asked: [['return', { value: { NAMES: 'a' } }]], output: '' })
  })

  it('gives null when it returns nothing', async () => {
    const run = await runHook('export default { ready() {} }', 'ready')
    expect(run.asked).toEqual([['return', { value: null }]])
  })

  it('is told by its signal that its time is over', async () => {
    const run = await runHook(
      `export default {
  async ready(ctx) {
    const over = new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
    setInterval(() => process.kill(process.pid, 'SIGTERM'), 50)
    await over
    return ctx.signal.reason.message
  },
}
`,
      'ready',
    )
    expect(run.asked).toEqual([['return', { value: 'the time of ready is over' }]])
  })

  it('cannot change its ctx', async () => {
    const run = await runHook('export default { ready(ctx) { ctx.config.health.path = "/x" } }', 'ready')
    expect(threw(run).message).toContain('read only')
  })
})

describe('a hook that fails', () => {
  it('is told with the lines of its own files only', async () => {
    await box.write({ 'operator/deep.ts': 'export function deep(): never {\n  throw new RangeError("too deep")\n}\n' })
    const run = await runHook(
      `import { deep } from './deep.ts'
export default {
  hooks: {
    async preBackup() {
      deep()
    },
  },
}
`,
      'hooks.preBackup',
      { side: 'operator' },
    )
    expect(run.exitCode).toBe(1)
    expect(run.asked).toEqual([
      [
        'threw',
        {
          name: 'RangeError',
          message: 'too deep',
          stack: ['at deep (operator/deep.ts:2:9)', 'at preBackup (operator/cc-ci.config.ts:5:7)'],
        },
      ],
    ])
  })

  it('says what a program in the app said, and where it was called', async () => {
    const run = await runHook(
      `export default {
  async ready(ctx) {
    await ctx.exec('db', ['psql', '-c', 'x'])
  },
}
`,
      'ready',
      { handlers: { exec: async () => ({ exitCode: 2, stdout: '', stderr: 'no\nsuch table' }) } },
    )
    expect(threw(run).message).toBe('["psql","-c","x"] in db ended with 2:\n  no\n  such table')
    expect(threw(run).stack).toEqual(['at async ready (recipe/cc-ci.config.ts:3:5)'])
  })

  it("passes the harness' refusal on", async () => {
    const exec = async () => {
      throw Object.assign(new Error('nothing of the app is deployed yet'), { code: 'not-deployed' })
    }
    const config = 'export default { async ready(ctx) { await ctx.exec("db", ["x"]) } }'
    const run = await runHook(config, 'ready', { handlers: { exec } })
    expect(threw(run).message).toBe('nothing of the app is deployed yet')
  })

  it.each([
    ['a function', 'return { a: [() => 1] }', 'ready returned a function at .a.0'],
    ['a date', 'return new Date()', 'ready returned a Date'],
    ['undefined inside', 'return { A: undefined }', 'ready returned undefined at .A'],
    ['not a number', 'return { n: 1 / 0 }', 'ready returned Infinity at .n'],
    ['itself', 'const a = {}; a.a = a; return a', 'ready returned something that holds itself at .a'],
    ['something that is no Error', 'throw { odd: 1 }', '{ odd: 1 }'],
    ['a promise nobody awaits', 'Promise.reject(new Error("floating")); await new Promise(() => {})', 'floating'],
    ['nothing, ever', 'await new Promise(() => {})', 'ready waits for something that never comes'],
    ['a bad duration', 'await ctx.exec("a", ["b"], { timeout: "soon" })', '"soon" is not a duration'],
    ['too much input', 'await ctx.exec("a", ["b"], { input: "x".repeat(2e6) })', 'a request "exec" of more than 1 MiB'],
  ])('with %s', async (_, body, message) => {
    const run = await runHook(`export default { async ready(ctx) { ${body} } }`, 'ready')
    expect(threw(run).message).toContain(message)
    expect(run.exitCode).toBe(1)
  })

  it('by process.exit(0) has returned nothing', async () => {
    const run = await runHook('export default { ready() { process.exit(0) } }', 'ready')
    expect(run).toMatchObject({ exitCode: 0, asked: [] })
  })
})

describe('a settings file that does not load', () => {
  it.each([
    ['an enum', 'enum A { B }\nexport default {}', 'instead of an enum'],
    ['a package', "import 'left-pad'\nexport default {}", 'Only cc-ci, the modules of Node'],
    ['an import without extension', "import './names'\nexport default {}", 'whole file name'],
    ['a missing function', 'export default { env: {} }', 'there is no function at ready'],
    ['bad syntax', 'export default {', 'Expected'],
  ])('because of %s says what to do', async (_, config, message) => {
    const run = await runHook(config, 'ready')
    expect(threw(run).message).toContain(message)
    expect(threw(run).message).not.toContain(box.dir)
    expect(run.exitCode).toBe(1)
  })
})

describe('a screenshot function', () => {
  const CONFIG = `export default {
  screenshot: async (page, ctx) => {
    await page.goto('/')
    await page.getByRole('heading', { name: ctx.recipe.name === 'todo' ? 'Your list' : 'x' }).waitFor({ timeout: 2000 })
  },
}
`

  it('gets a page of the app, of which a picture is taken', async () => {
    await using page = await servePage()
    const file = join(box.dir, 'pictures', 'own.png')
    const context = async () => ({ ...FACTS, baseUrl: page.url })
    const run = await runHook(CONFIG, 'screenshot', { handlers: { context }, env: { CC_CI_SCREENSHOT: file } })
    expect(run.asked).toEqual([['return', { value: null }]])
    expect((await readFile(file)).subarray(1, 4).toString()).toBe('PNG')
    expect((await stat(file)).size).toBeGreaterThan(1000)
  })

  it('fails with its own line when the app is not there', async () => {
    const run = await runHook(CONFIG, 'screenshot', { env: { CC_CI_SCREENSHOT: join(box.dir, 'none.png') } })
    expect(threw(run).message).toContain('page.goto: net::ERR_')
    expect(threw(run).stack.join()).toContain('recipe/cc-ci.config.ts:3:16')
  })
})

describe('outside of the sandbox', () => {
  it('the programs say so', async () => {
    await box.write({ 'recipe/cc-ci.config.ts': 'export default { ready() {} }' })
    const file = join(box.dir, 'code', 'recipe', 'cc-ci.config.ts')
    const run = await box.run('hook.ts', [file, 'ready'], { env: { CC_CI_RPC: '' } })
    expect(run.exitCode).toBe(1)
    expect(run.stderr).toContain("this runs only in cc-ci's sandbox")
  })
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { checkHttp } from '../../src/checks/http.ts'
import { runningTasks } from '../../src/checks/serving-task.ts'
import { smoke } from '../../src/checks/smoke.ts'
import { type EdgeAddress, edgeAddress } from '../../src/edge/address.ts'
import { Engine } from '../../src/engine/client.ts'
import { removeStackOrThrow } from '../../src/engine/removal.ts'
import { randomId } from '../../src/lib/ids.ts'
import { evidenceProblem } from '../../src/verdict/evidence.ts'
import { boxedBrowser } from '../checks/boxed-browser.ts'
import { deployByHand } from './by-hand.ts'

const plain = (text: string) => text
let root: string
let engine: Engine
let edge: EdgeAddress

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cc-ci-checks-'))
  engine = await Engine.connect()
  edge = await edgeAddress()
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** A fixture that serves, gone when the scope ends. */
interface Deployed extends AsyncDisposable {
  readonly stack: string
  readonly domain: string
}

async function deployed(name: string): Promise<Deployed> {
  const stack = `chk-${randomId(6)}`
  const domain = `${stack}.ci.test`
  const remove = async () => void (await removeStackOrThrow(engine, { stack, runId: stack, timeoutMs: 60_000 }))
  try {
    const { dir } = await buildRecipe(name, join(root, stack))
    await deployByHand(dir, { stack, domain })
  } catch (error) {
    await remove()
    throw error
  }
  return { stack, domain, [Symbol.asyncDispose]: remove }
}

function ask(
  { stack, domain }: { stack: string; domain: string },
  options: { path?: string; timeoutMs?: number; as?: string } = {},
) {
  return checkHttp({
    edge,
    domain,
    path: options.path ?? '/',
    allowed: [200, 301, 302],
    tasksOf: () => runningTasks(engine, options.as ?? stack),
    timeoutMs: options.timeoutMs ?? 60_000,
    signal: new AbortController().signal,
    mask: plain,
  })
}

async function picture({ stack, domain }: { stack: string; domain: string }, path: string) {
  const browser = await boxedBrowser({ edge, domain, prefix: stack, folder: join(root, `${stack}-browser`) })
  const screenshotFile = join(process.env.KEEP_SCREENSHOTS ?? root, `${stack}.png`)
  try {
    const result = await smoke(browser, {
      url: `https://${domain}${path}`,
      screenshotFile,
      timeoutMs: 20_000,
      signal: new AbortController().signal,
      mask: plain,
    })
    return { result, png: await readFile(screenshotFile) }
  } finally {
    await browser.close()
  }
}

describe.concurrent.each([
  { name: 'custom-html', health: '/', page: '/', title: 'A quiet page' },
  { name: 'pocketbase', health: '/api/health', page: '/_/', title: /login/i },
  { name: 'todo', health: '/', page: '/', title: /./ },
])('$name', ({ name, health, page, title }) => {
  it('is served by its own task and shows a page', async () => {
    await using app = await deployed(name)
    const { outcome, evidence, cause } = await ask(app, { path: health })
    expect(cause).toBeUndefined()
    expect(outcome).toBe('pass')
    const tasks = await runningTasks(engine, app.stack)
    expect(evidence?.servingTask).toBe(tasks.find(({ service }) => service === 'app')?.id)
    expect(evidence && evidenceProblem(evidence)).toBeNull()
    const { result, png } = await picture(app, page)
    expect(result.cause).toBeUndefined()
    expect(result.evidence?.kind === 'page' && result.evidence.title).toMatch(title)
    expect(result.evidence && evidenceProblem(result.evidence)).toBeNull()
    expect(png.subarray(1, 4).toString()).toBe('PNG')
  }, 120_000)
})

it.concurrent('does not take an answer for the answer of another stack', async () => {
  await using app = await deployed('custom-html')
  expect((await ask(app)).outcome).toBe('pass')
  const { outcome, cause } = await ask(app, { as: 'somebody-else', timeoutMs: 1000 })
  expect([outcome, cause?.code]).toEqual(['fail', 'http-not-serving'])
  expect(cause?.lines.join('\n')).toContain('the proxy dials http://')
}, 60_000)

describe.concurrent.each([
  ['http-500', 'http-wrong-status', 'database is locked'],
  ['wrong-router-host', 'proxy-fallback', '404 page not found'],
  ['wrong-port', 'http-not-serving', 'Bad Gateway'],
])('planted fault %s', (name, code, line) => {
  it(`ends with ${code}`, async () => {
    await using app = await deployed(name)
    const { outcome, cause } = await ask(app, { timeoutMs: 20_000 })
    expect([outcome, cause?.code]).toEqual(['fail', code])
    expect(cause?.lines.join('\n')).toContain(line)
  }, 90_000)
})

it.concurrent('sees that a page is blank though it answers 200', async () => {
  await using app = await deployed('blank-page')
  expect((await ask(app)).outcome).toBe('pass')
  const { result } = await picture(app, '/')
  expect([result.outcome, result.cause?.code]).toEqual(['fail', 'blank-page'])
}, 90_000)

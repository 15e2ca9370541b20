import { describe, expect, test } from 'vitest'
import { EngineRefusal } from '../../../src/engine/connection.ts'
import { InfraError } from '../../../src/lib/errors.ts'
import { placesOf, withMore, without, withValue } from './altered.ts'
import { CALLS, type Call, TOLD } from './calls.ts'
import { standIn } from './stand-in.ts'

/** What comes of a call when its answer has this body: what it gives, or the code of an InfraError. Anything else that is thrown is a failure. */
async function outcomes({ asks, others = {}, act }: Call, bodies: readonly string[]): Promise<unknown[]> {
  let body = ''
  await using engine = await standIn(({ method, url = '' }, response) => {
    const asked = `${method} ${url.split('?')[0]}`
    response.setHeader('Content-Type', 'application/json')
    if (asked !== asks && others[asked] === undefined) response.statusCode = 404
    response.end(asked === asks ? body : JSON.stringify(others[asked] ?? {}))
  })
  const all: unknown[] = []
  for (body of bodies) all.push(await outcomeOf(act(engine.engine)))
  return all
}

async function outcomeOf(acting: Promise<unknown>): Promise<unknown> {
  try {
    return { gives: await acting }
  } catch (error) {
    if (!(error instanceof InfraError)) throw error
    return { code: error.code, message: error.message }
  }
}

const codeOf = (outcome: unknown) => (outcome as { code?: string }).code
const texts = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value))

describe.each(Object.entries(CALLS))('%s', (_name, call) => {
  test('takes what the engines say, with members that nobody knows yet', async () => {
    const [plain, more] = await outcomes(call, texts([call.answer, withMore(call.answer)]))
    expect(codeOf(plain)).toBeUndefined()
    expect(withoutTemplate(more)).toEqual(withoutTemplate(plain))
  })

  test('takes null as it takes a missing member', async () => {
    const places = placesOf(call.answer)
    const nulls = await outcomes(call, texts(places.map((path) => withValue(call.answer, path, null))))
    const gaps = await outcomes(call, texts(places.map((path) => without(call.answer, path))))
    const plainly = (all: unknown[]) => all.map((one) => codeOf(one) ?? withoutTemplate(one))
    expect(plainly(nulls)).toEqual(plainly(gaps))
  })

  test('takes anything else at any place, or names the call and the place', async () => {
    const strange = [{}, [], 'text', 7, true, [null]]
    const places = placesOf(call.answer)
    const altered = places.flatMap((path) => strange.map((value) => ({ path, value })))
    const all = await outcomes(call, texts(altered.map(({ path, value }) => withValue(call.answer, path, value))))
    const refused = all.flatMap((one, i) => (codeOf(one) ? [{ one, path: altered[i]?.path ?? [] }] : []))
    expect(refused.length).toBeGreaterThan(0)
    for (const { one, path } of refused) {
      expect(['engine-answer', 'no-container']).toContain(codeOf(one))
      const { message } = one as { message: string }
      if (codeOf(one) === 'engine-answer') expect(message, JSON.stringify(path)).toContain(call.asks)
    }
  })

  test('takes any text instead of an answer, or says that it is not understood', async () => {
    const bodies = [
      '',
      ' ',
      'null',
      'null\n',
      '[]',
      '{}',
      '0',
      'false',
      '"text"',
      '[null]',
      'OK',
      '<html>',
      '{"a":',
      '\u0000',
    ]
    for (const one of await outcomes(call, bodies))
      expect([undefined, 'engine-answer', 'no-container']).toContain(codeOf(one))
  })
})

/** It is handed on as it was said, for comparing; its hashes are what counts. */
function withoutTemplate(outcome: unknown): unknown {
  return JSON.parse(JSON.stringify(outcome), (key, value) => (key === 'taskTemplate' ? undefined : value))
}

test.each([
  ['null', 'null'],
  ['null and a line end', 'null\n'],
  ['an empty list', '[]'],
  ['nothing at all', ''],
])('%s is an empty list', async (_what, body) => {
  await using stand = await standIn({ body })
  const { engine } = stand
  expect(await engine.objects.changedPaths('c')).toEqual([])
  expect(await engine.services('s')).toEqual([])
  expect(await engine.tasks('s')).toEqual([])
  expect(await engine.containers({ stack: 's' })).toEqual([])
  expect(await engine.objects.list('network')).toEqual([])
})

test('what is no answer names the call, what was said and the place', async () => {
  await using html = await standIn({ body: '<html>Bad gateway', type: 'text/html' })
  await expect(html.engine.tasks('s')).rejects.toMatchObject({
    code: 'engine-answer',
    message: expect.stringMatching(/GET \/tasks .*<html>Bad gateway/),
  })
  await using task = await standIn({ body: '[{"ID":"t","CreatedAt":"x","Spec":{},"Status":{"State":null}}]' })
  await expect(task.engine.tasks('s')).rejects.toThrow(/GET \/tasks .*Status\.State/)
})

test.each(Object.entries(TOLD))('%s does not look at what is said to it', async (_name, act) => {
  for (const body of ['', 'null', 'OK', '{}', '<html>']) {
    await using stand = await standIn({ body })
    expect([true, undefined]).toContain(await act(stand.engine))
  }
})

describe('a refusal', () => {
  test.each([
    [400, '{"message":"invalid mount"}', 'invalid mount', false],
    [409, '{"message":"name conflict"}', 'name conflict', false],
    [404, '{"message":"no such thing"}', 'no such thing', false],
    [301, '', 'Moved Permanently', false],
    [403, '<html>proxy', '<html>proxy', false],
    [418, '{"message":null}', '{"message":null}', false],
    [429, 'null', 'null', true],
    [500, '{"message":"rpc error"}', 'rpc error', true],
    [503, '{"message":"no leader"}', 'no leader', true],
  ])(
    'with %i and %s has its status, its words, and whether it is worth another try',
    async (status, body, words, retryable) => {
      await using stand = await standIn({ status, body })
      const error = await stand.engine.tasks('s').catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(EngineRefusal)
      expect(error).toMatchObject({ code: 'engine-refused', blame: 'infra', status, retryable })
      expect((error as EngineRefusal).words).toContain(words)
      expect((error as EngineRefusal).message).toContain(`GET /tasks: HTTP ${status}`)
    },
  )

  test('of a stream or a conversation is one too', async () => {
    await using stand = await standIn({ status: 400, body: '{"message":"no user x"}' })
    const { engine } = stand
    const refusal = { code: 'engine-refused', status: 400, words: 'no user x' }
    await expect(engine.containerLogs('c')).rejects.toMatchObject(refusal)
    await expect(engine.exec('c', ['id'], { timeoutMs: 5000 })).rejects.toMatchObject(refusal)
    await expect(engine.connection.hijack('/exec/e/start', {}, AbortSignal.timeout(5000))).rejects.toMatchObject(
      refusal,
    )
  })

  test('with 404 is nothing where something is looked for', async () => {
    await using stand = await standIn({ status: 404, body: '{"message":"no such thing"}' })
    const { engine } = stand
    expect([
      await engine.service('s'),
      await engine.container('c'),
      await engine.image('i'),
      await engine.cpuMs('c'),
      await engine.memoryBytes('c'),
      await engine.layerBytes('c'),
    ]).toEqual([null, null, null, null, null, null])
    expect(await engine.objects.find('network', 'n')).toBeNull()
    expect([await engine.objects.remove('secret', 's'), await engine.objects.removeContainer('c')]).toEqual([
      false,
      false,
    ])
    expect(await engine.objects.changedPaths('c')).toEqual([])
  })
})

describe('an answer that breaks off', () => {
  test('is a lost engine, whatever was being read', async () => {
    await using stand = await standIn((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' })
      response.write('[{"ID":', () => response.destroy())
    })
    const { engine } = stand
    await expect(engine.tasks('s')).rejects.toMatchObject({ code: 'engine-lost' })
    await expect(engine.containerLogs('c')).rejects.toMatchObject({ code: 'engine-lost' })
  })

  test('is not understood where a conversation is answered with a page', async () => {
    await using stand = await standIn({ body: 'hello' })
    await expect(stand.engine.connection.hijack('/exec/e/start', {}, AbortSignal.timeout(5000))).rejects.toMatchObject({
      code: 'engine-answer',
    })
  })
})

describe('a pull', () => {
  const pulling = async (body: string) => {
    await using stand = await standIn({ body })
    const lines: string[] = []
    await stand.engine.pull('web:1', { timeoutMs: 5000, onProgress: (line) => lines.push(line) })
    return lines
  }
  test.each([
    ['{"status":"Pulling","id":"a"}\n{"status":"Done","progressDetail":null}\n', ['a Pulling', 'Done']],
    ['{"status":null,"more":[]}\n\n{}', []],
    ['', []],
  ])('tells what %j says', async (body, lines) => expect(await pulling(body)).toEqual(lines))

  test.each([
    ['{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}', 'image-not-found'],
    ['{"errorDetail":{"message":"manifest unknown"}}', 'image-not-found'],
    ['{"error":"toomanyrequests: slow down"}', 'registry-rate-limit'],
    ['{"errorDetail":{"message":"dial tcp: lookup x"}}', 'registry-unreachable'],
    ['<html>', 'engine-answer'],
    ['null', 'engine-answer'],
    ['{"status":7}', 'engine-answer'],
  ])('that says %j is %s', async (body, code) => expect(pulling(body)).rejects.toMatchObject({ code }))
})

describe('lists of thousands', () => {
  const MANY = 5000

  test('take one request, whatever their length', async () => {
    const [task] = (CALLS.tasks as Call).answer as object[]
    await using stand = await standIn({
      body: JSON.stringify(Array.from({ length: MANY }, (_, i) => ({ ...task, ID: `t${i}` }))),
    })
    expect(await stand.engine.tasks('s')).toHaveLength(MANY)
    expect(stand.asked).toHaveLength(1)
  })

  test('of containers are looked at some at a time', async () => {
    let [now, most] = [0, 0]
    await using stand = await standIn(({ url = '' }, response) => {
      if (url.startsWith('/containers/json'))
        return void response.end(JSON.stringify(Array.from({ length: MANY }, (_, i) => ({ Id: `c${i}` }))))
      now += 1
      most = Math.max(most, now)
      setImmediate(() => {
        now -= 1
        response.end(JSON.stringify(CALLS.container?.answer))
      })
    })
    expect(await stand.engine.containers({ stack: 's' })).toHaveLength(MANY)
    expect(stand.asked).toHaveLength(MANY + 1)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(32)
  })
})

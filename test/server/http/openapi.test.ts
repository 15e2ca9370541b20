import { readFile } from 'node:fs/promises'
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { sweepFolder, writePlan } from '../../../src/history/sweep/record.ts'
import { candidate, plan } from '../../history/sweep/some-sweeps.ts'
import { type HttpBench, httpBench } from './bench.ts'

interface Operation {
  readonly security?: unknown
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Shape }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Shape }> }
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Shape }> }>
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, Shape> }
}

interface Shape {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly properties?: Record<string, Shape>
  readonly required?: readonly string[]
  readonly items?: Shape
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

let bench: HttpBench
let document: Document
beforeAll(async () => {
  bench = await httpBench()
  document = (await (await bench.app.request('/api/v1/openapi.json')).json()) as Document
})

test('the description in the documentation is that of the server', async () => {
  const kept = await readFile(new URL('../../../docs/reference/openapi.json', import.meta.url), 'utf8')
  expect(JSON.parse(kept)).toEqual(document)
})

/** Values as the description allows them, and now and then others. */
function anyOf(shape: Shape): fc.Arbitrary<unknown> {
  if (shape.$ref) return anyOf(document.components.schemas[shape.$ref.split('/').at(-1) ?? ''] ?? {})
  return fc.oneof({ weight: 9, arbitrary: right(shape) }, { weight: 1, arbitrary: fc.jsonValue() })
}

function right(shape: Shape): fc.Arbitrary<unknown> {
  if (shape.enum) return fc.constantFrom(...shape.enum)
  if (shape.type === 'object') {
    const fields = Object.entries(shape.properties ?? {}).map(([name, field]) => [name, anyOf(field)] as const)
    return fc.record(Object.fromEntries(fields), { requiredKeys: (shape.required ?? []) as never[] })
  }
  if (shape.type === 'array') return fc.array(anyOf(shape.items ?? {}), { maxLength: 3 })
  if (shape.type === 'boolean') return fc.boolean()
  if (shape.type === 'integer' || shape.type === 'number') {
    return fc.integer({ min: shape.minimum ?? 1, max: Math.min(shape.maximum ?? 1000, 1_000_000) })
  }
  const { minLength = 0, maxLength = 40, pattern } = shape
  if (pattern === undefined) return fc.string({ minLength, maxLength: Math.min(maxLength, 60) })
  return fc.stringMatching(new RegExp(pattern)).map((text) => text.slice(0, maxLength))
}

/** A URL takes dots for steps between folders before anybody sees them. */
function isSegment(text: string): boolean {
  return text !== '.' && text !== '..'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

test('every route answers as it is described, whatever it is asked', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document as unknown as AnySchema, 'doc')
  const seen = new Map<string, Set<number>>()
  const ids = [(await bench.ask()).id, (await bench.ask({ repository: 'coop-cloud/two' })).id]
  await bench.api('POST', '/enrolments', { name: 'coop-cloud/one' })
  const sweep = plan([candidate('gitea')])
  await writePlan(sweepFolder(bench.settings.state, sweep.id), sweep)
  ids.push(sweep.id)
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const body = operation.requestBody?.content['application/json']?.schema
      const call = fc.record({
        body: body ? anyOf(body) : fc.constant(undefined),
        fields: fc.tuple(
          ...(operation.parameters ?? []).map(({ name, schema }) =>
            name === 'id'
              ? fc.oneof(fc.constantFrom(...ids), fc.string().filter(isSegment))
              : fc.option(anyOf(schema), { nil: undefined }),
          ),
        ),
      })
      await fc.assert(
        fc.asyncProperty(call, async ({ body, fields }) => {
          bench.clock.time += 60_000
          const { url, query } = addressOf(path, operation, fields)
          const answer = await bench.api(method.toUpperCase(), `${url}?${query}`.replace('/api/v1', ''), body)
          const described = operation.responses[String(answer.status)]
          const text = await answer.text()
          const key = `${method} ${path}`
          seen.set(key, (seen.get(key) ?? new Set()).add(answer.status))
          expect([key, answer.status, text, described]).not.toEqual([key, answer.status, text, undefined])
          expect(answer.status).not.toBe(500)
          if (!described?.content) return void expect(text).toBe('')
          const pointer = `doc#/paths/${escaped(path)}/${method}/responses/${answer.status}/content/application~1json/schema`
          const valid = ajv.validate({ $ref: pointer }, JSON.parse(text))
          expect([key, text, valid, ajv.errors]).toEqual([key, text, true, null])
        }),
        { numRuns: 40 },
      )
    }
  }
  const good = [...seen].filter(([, states]) => [...states].some((status) => status < 300)).map(([key]) => key)
  expect([...seen.keys()].filter((key) => !good.includes(key) && !key.startsWith('delete'))).toEqual([])
})

function addressOf(path: string, { parameters = [] }: Operation, fields: readonly unknown[]) {
  const query = new URLSearchParams()
  let url = path
  for (const [at, { name, in: place }] of parameters.entries()) {
    const value = fields[at]
    if (place === 'path') url = url.replace(`{${name}}`, encodeURIComponent(textOf(value ?? 'x') || 'x'))
    else if (value !== undefined) query.set(name, textOf(value))
  }
  return { url, query }
}

/** As JSON pointers in a URI fragment want it. */
function escaped(path: string): string {
  return encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'))
}

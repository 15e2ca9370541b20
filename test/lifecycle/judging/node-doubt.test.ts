import { expect, test } from 'vitest'
import type { RunContext } from '../../../src/lifecycle/context.ts'
import { nodeDoubt } from '../../../src/lifecycle/judging/node-doubt.ts'

const FAILED = {
  checks: [],
  tests: [{ title: 'logs in', file: 'a.spec.ts', status: 'failed', durationMs: 1 }],
} as const
const NODE = { id: 'id2', hostname: 'n2' }
const ANSWERS = { Swarm: { NodeID: 'id2' } }
const raw = (state: string) => [{ ID: 'id2', Spec: { Labels: {} }, Status: { State: state } }]

/** An app on n2; `info` and `nodes` are what its engine and the manager answer, an error is thrown. */
function context(info: unknown, nodes: unknown = raw('ready'), node: object | null = NODE) {
  const asking = (found: unknown) => ({
    request: async (_: string, __: string, parse: (answer: unknown) => unknown) => {
      if (found instanceof Error) throw found
      return parse(found)
    },
  })
  const engine = { node, connection: asking(info), home: { connection: asking(nodes) } }
  return { host: { engine }, signal: new AbortController().signal } as unknown as RunContext
}

const doubt = (...args: Parameters<typeof context>) => nodeDoubt('functional', context(...args), FAILED)

test('a fault on a node that is there is no doubt of the node', async () => {
  expect(await doubt(ANSWERS)).toBeNull()
})

test.each([
  ['does not answer', [new Error('ECONNREFUSED')], 'ECONNREFUSED'],
  ['has left the Swarm', [{ Swarm: { NodeID: '' } }], 'in that Swarm no more'],
  ['was taken out of the Swarm', [ANSWERS, []], 'no such node'],
  ['is down for the Swarm', [ANSWERS, raw('down')], 'the Swarm calls it down'],
  ['can be asked of no manager', [ANSWERS, new Error('no manager')], 'no manager'],
] as const)('a fault on a node that %s is not proven', async (_, [info, nodes], why) => {
  const found = await doubt(info, nodes)
  expect(found).toMatchObject({ code: 'engine-lost', blame: 'infra' })
  expect(found?.message).toContain('node n2, on which the app is, was lost: ')
  expect(found?.message).toContain(why)
})

test('nobody is asked where nothing was found, the recipe alone was read, or the app is here', async () => {
  const lost = context(new Error('ECONNREFUSED'))
  expect(await nodeDoubt('functional', lost, { checks: [], tests: [] })).toBeNull()
  expect(await nodeDoubt('lint', lost, FAILED)).toBeNull()
  expect(await doubt(new Error('ECONNREFUSED'), raw('ready'), null)).toBeNull()
})

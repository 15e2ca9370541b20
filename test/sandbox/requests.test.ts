import { expect, test } from 'vitest'
import { InfraError } from '../../src/lib/errors.ts'
import { Requests } from '../../src/sandbox/requests.ts'

function conversation(handlers: Record<string, (params: unknown) => Promise<unknown>>) {
  const sent: unknown[] = []
  const requests = new Requests(handlers, (connection, line) => void sent.push([connection, JSON.parse(line)]))
  return { requests, sent }
}

test.each([
  ['no json', { id: null, code: 'bad-request' }],
  ['null', { id: null, code: 'bad-request' }],
  ['{"id":1}', { id: null, code: 'bad-request' }],
  ['{"id":{},"method":"echo"}', { id: null, code: 'bad-request' }],
  [`{"id":1,"method":"${'m'.repeat(200)}"}`, { id: null, code: 'bad-request' }],
  ['{"id":1,"method":"nope"}', { id: 1, code: 'unknown-method' }],
  ['{"id":"a","method":"constructor"}', { id: 'a', code: 'unknown-method' }],
  ['{"id":1,"method":"fails"}', { id: 1, code: 'request-failed' }],
  ['{"id":1,"method":"lost"}', { id: 1, code: 'engine-lost' }],
  ['{"id":1,"method":"long"}', { id: 1, code: 'answer-too-long' }],
])('%s is refused', async (line, { id, code }) => {
  const { requests, sent } = conversation({
    fails: () => Promise.reject(new Error('no')),
    lost: () => Promise.reject(new InfraError('engine-lost', 'gone')),
    long: async () => 'x'.repeat(8 * 1024 * 1024),
  })
  await requests.take('7', line)
  expect(sent).toEqual([['7', { id, error: { code, message: expect.any(String) } }]])
})

test('what a handler finds out after its program is nobody’s', async () => {
  let answer: (value: unknown) => void = () => undefined
  const { requests, sent } = conversation({
    slow: () =>
      new Promise((resolve) => {
        answer = resolve
      }),
  })
  const taken = requests.take('1', '{"id":1,"method":"slow"}')
  requests.end()
  answer('late')
  await taken
  await requests.take('1', '{"id":2,"method":"slow"}')
  expect(sent).toEqual([])
})

test('nothing as an answer is null', async () => {
  const { requests, sent } = conversation({ quiet: async () => undefined })
  await requests.take('1', '{"id":1,"method":"quiet"}')
  expect(sent).toEqual([['1', { id: 1, result: null }]])
})

import { expect, it } from 'vitest'
import type { Transport } from '../../../src/engine/connection.ts'
import { nodeOf, nodeTransport } from '../../../src/engine/nodes/node-transport.ts'

const answering = (name: string): Transport => ({ dial: (_, done) => done(null, name) })
const both = nodeTransport(answering('manager'), answering('node'), 'n2')

function askedAt(path: string): unknown {
  let said: unknown
  both.dial({ path, method: 'GET', options: {}, statusCodes: {} }, (_, answer) => {
    said = answer
  })
  return said
}

it.each([
  ['/containers/json?', 'node'],
  ['/containers/create?', 'node'],
  ['/containers/0123/logs?', 'node'],
  ['/exec/0123/start?', 'node'],
  ['/volumes?', 'node'],
  ['/volumes/create?', 'node'],
  ['/images/get?', 'node'],
  ['/events?', 'node'],
  ['/info?', 'node'],
  ['/networks/proxy/connect?', 'node'],
  ['/networks/proxy/disconnect?', 'node'],
  ['/networks?', 'manager'],
  ['/networks/create?', 'manager'],
  ['/networks/proxy?', 'manager'],
  ['/services?', 'manager'],
  ['/services/containers?', 'manager'],
  ['/tasks?', 'manager'],
  ['/tasks/0123/logs?', 'manager'],
  ['/secrets/create?', 'manager'],
  ['/configs/volumes?', 'manager'],
  ['/nodes?', 'manager'],
])('%s is a call for the %s', (path, who) => {
  expect(askedAt(path)).toBe(who)
})

it('an error of a node names it', () => {
  const lost = nodeTransport(answering('manager'), { dial: (_, done) => done(new Error('ECONNREFUSED'), null) }, 'n2')
  let said: unknown
  lost.dial({ path: '/containers/json?', method: 'GET', options: {}, statusCodes: {} }, (error) => {
    said = error
  })
  expect(nodeOf(said)).toBe('n2')
  expect(nodeOf(new Error('ECONNREFUSED'))).toBeNull()
})

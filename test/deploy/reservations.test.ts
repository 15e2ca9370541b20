import { expect, it } from 'vitest'
import { withoutReservations } from '../../src/deploy/native/reservations.ts'
import type { ComposeService } from '../../src/recipe/model.ts'

const NODE = { memoryBytes: 8 * 1024 ** 3, processors: 4 }
const GPU = [{ discrete_resource_spec: { kind: 'gpu', value: 1 } }]

type Values = Readonly<Record<string, unknown>>

it.each<[what: string, asked: Values | undefined, left: Values | undefined, reported: string | null]>([
  ['nothing', undefined, undefined, null],
  ['nothing, written down', {}, {}, null],
  ['memory', { memory: '2G' }, {}, 'memory 2G'],
  ['all the memory of the node', { memory: '8G' }, {}, 'memory 8G'],
  ['more than there is', { memory: '8193M' }, { memory: '8193M' }, null],
  ['processors', { cpus: '0.5', memory: '100M' }, {}, 'cpus 0.5, memory 100M'],
  ['a number', { cpus: 4 }, {}, 'cpus 4'],
  ['more processors than there are', { cpus: '4.1', memory: '1G' }, { cpus: '4.1' }, 'memory 1G'],
  ['what is no size', { memory: 'much', cpus: 'all' }, { memory: 'much', cpus: 'all' }, null],
  ['what only the operator knows', { generic_resources: GPU, cpus: '1' }, { generic_resources: GPU }, 'cpus 1'],
])('a service that has %s set aside', (_, asked, left, reported) => {
  const service = (reservations: Values | undefined): ComposeService => ({
    image: 'x',
    deploy: { replicas: 2, resources: { limits: { memory: '1G' }, ...(reservations ? { reservations } : {}) } },
  })
  const accommodations: string[] = []
  expect(withoutReservations('app', service(asked), accommodations, NODE)).toEqual(service(left))
  const why = 'because other runs share the machine'
  const said = reported === null ? [] : [`service app: nothing set aside (reservations: ${reported}), ${why}`]
  expect(accommodations).toEqual(said)
})

it('leaves a service without any of it alone', () => {
  expect(withoutReservations('app', { image: 'x' }, [], NODE)).toEqual({ image: 'x' })
})

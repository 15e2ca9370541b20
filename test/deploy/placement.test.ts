import { describe, expect, it } from 'vitest'
import { declaredMemory, meets, pinned, unmetConstraints } from '../../src/deploy/placement.ts'
import type { SwarmNode } from '../../src/engine/nodes/swarm-nodes.ts'
import type { ComposeModel } from '../../src/recipe/model.ts'

const NODE: SwarmNode = {
  id: 'abc123',
  hostname: 'n2',
  role: 'worker',
  availability: 'active',
  state: 'ready',
  labels: { disk: 'ssd', 'org.zone': 'a' },
  engineLabels: { gpu: 'yes' },
  platform: { os: 'linux', arch: 'x86_64' },
  cpus: 2,
  memoryBytes: 8 * 1024 ** 3,
  address: '10.0.3.7',
}

describe('a constraint', () => {
  // As the scheduler reads it: moby/swarmkit, manager/constraint.
  it.each([
    ['node.role == worker', true],
    ['node.role==manager', false],
    ['node.role != manager', true],
    ['node.hostname==N2', true],
    ['node.id==abc123', true],
    ['node.labels.disk == ssd', true],
    ['node.labels.disk == hdd', false],
    ['node.labels.org.zone==a', true],
    ['node.labels.missing == x', false],
    ['node.labels.missing != x', true],
    ['engine.labels.gpu==yes', true],
    ['node.platform.os==linux', true],
    ['node.platform.arch==x86_64', true],
    ['node.platform.arch==amd64', true],
    ['node.platform.arch==arm64', false],
    ['node.ip==10.0.3.7', true],
    ['node.ip==10.0.0.0/16', true],
    ['node.ip!=10.0.0.0/16', false],
    ['node.ip==10.1.0.0/16', false],
    // Left to the scheduler, which says what is wrong with it.
    ['node.zone==a', true],
    ['node.role', true],
  ])('%s: %s', (constraint, met) => {
    expect(meets(NODE, constraint)).toBe(met)
  })
})

const model = (services: object) => ({ services }) as ComposeModel

it('names the services whose constraints a node does not meet', () => {
  const services = {
    app: { deploy: { placement: { constraints: ['node.role==worker', 'node.labels.disk==hdd'] } } },
    db: { deploy: { placement: { constraints: ['node.labels.disk==ssd'] } } },
    plain: {},
  }
  expect(unmetConstraints(model(services), NODE)).toEqual(['app: node.labels.disk==hdd'])
})

it('counts what the limits say, and something for a service that says nothing', () => {
  const limit = (memory: string) => ({ deploy: { resources: { limits: { memory } } } })
  expect(
    declaredMemory(model({ app: limit('1g'), db: { deploy: { ...limit('256m').deploy, replicas: 2 } } }), null),
  ).toBe(1.5 * 1024 ** 3)
  expect(declaredMemory(model({ app: {} }), null)).toBe(512 * 1024 ** 2)
  expect(declaredMemory(model({ app: {} }), 64 * 1024 ** 2)).toBe(64 * 1024 ** 2)
})

it('binds a service to a node beside its own constraints, and says so', () => {
  const said: string[] = []
  const service = { deploy: { placement: { constraints: ['node.role==worker'], max_replicas_per_node: 1 } } }
  expect(
    pinned('app', service, { id: 'abc123', hostname: 'n2', size: { memoryBytes: 1, processors: 1 } }, said),
  ).toEqual({
    deploy: { placement: { constraints: ['node.role==worker', 'node.id==abc123'], max_replicas_per_node: 1 } },
  })
  expect(said).toEqual(['service app: bound to node n2, where this run looks at all tasks of the app'])
})

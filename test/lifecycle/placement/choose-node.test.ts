import { describe, expect, it } from 'vitest'
import type { Engine } from '../../../src/engine/client.ts'
import type { NodeReach } from '../../../src/engine/nodes/reach.ts'
import type { SwarmNode } from '../../../src/engine/nodes/swarm-nodes.ts'
import { candidates, chooseNode, DRAIN_LABEL, spreadOnly } from '../../../src/lifecycle/placement/choose-node.ts'
import type { ComposeModel } from '../../../src/recipe/model.ts'

const GIB = 1024 ** 3
const ENGINE = {} as Engine

function reach(hostname: string, node: Partial<SwarmNode> = {}, more: Partial<NodeReach> = {}): NodeReach {
  return {
    node: {
      ...{ id: `id-${hostname}`, hostname, role: 'worker', availability: 'active', state: 'ready' },
      ...{ labels: {}, engineLabels: {}, platform: { os: 'linux', arch: 'x86_64' }, cpus: 2 },
      ...{ memoryBytes: 8 * GIB, address: '' },
      ...node,
    } as SwarmNode,
    engine: ENGINE,
    problem: null,
    ...more,
  }
}

const NOTHING = { models: [], tasks: [], claims: [] }
const isHome = ({ node }: NodeReach) => node.hostname === 'n1'
const chosen = (reaches: readonly NodeReach[], with_: Partial<Parameters<typeof candidates>[1]> = {}) =>
  chooseNode(candidates(reaches, { ...NOTHING, ...with_ }), isHome)?.reach.node.hostname ?? null
const task = (hostname: string, gib: number, stack: string | null = 'theirs') => ({
  ...{ nodeId: `id-${hostname}`, stack, bytes: gib * GIB },
})
const claim = (hostname: string, gib: number, stack: string) => ({ nodeId: `id-${hostname}`, stack, bytes: gib * GIB })

describe('the node of a run', () => {
  it('is the one with the most memory that nothing declares', () => {
    const three = [reach('n1'), reach('n2'), reach('n3')]
    expect(chosen(three)).toBe('n1')
    expect(chosen(three, { tasks: [task('n1', 1), task('n2', 3)] })).toBe('n3')
    expect(chosen([reach('n1'), reach('n2', { memoryBytes: 16 * GIB })])).toBe('n2')
  })

  it('counts a run that has chosen, also before its services are there, and never twice', () => {
    const two = [reach('n1'), reach('n2')]
    expect(chosen(two, { claims: [claim('n1', 1, 'a')] })).toBe('n2')
    expect(chosen(two, { claims: [claim('n1', 1, 'a')], tasks: [task('n1', 1, 'a'), task('n2', 1.5)] })).toBe('n1')
  })

  it('has fewer runs, where memory is equal', () => {
    const two = [reach('n1'), reach('n2')]
    expect(chosen(two, { claims: [claim('n1', 0, 'a')] })).toBe('n2')
  })

  it('meets the constraints of all releases, whatever its memory', () => {
    const model = { services: { db: { deploy: { placement: { constraints: ['node.labels.disk==ssd'] } } } } }
    const two = [reach('n1'), reach('n2', { labels: { disk: 'ssd' }, memoryBytes: GIB })]
    expect(chosen(two, { models: [model as unknown as ComposeModel] })).toBe('n2')
  })

  it('is one all the same where none meets them: the scheduler says what is missing', () => {
    const model = { services: { db: { deploy: { placement: { constraints: ['node.labels.disk==ssd'] } } } } }
    expect(chosen([reach('n1'), reach('n2')], { models: [model as unknown as ComposeModel] })).toBe('n1')
  })

  it('is none for an app that only several nodes can run together, and says what each lacks', () => {
    const on = (disk: string) => ({ deploy: { placement: { constraints: [`node.labels.disk==${disk}`] } } })
    const models = [{ services: { app: on('hdd'), db: on('ssd'), plain: {} } } as unknown as ComposeModel]
    const [hdd, ssd] = [reach('n1', { labels: { disk: 'hdd' } }), reach('n2', { labels: { disk: 'ssd' } })]
    const spread = (...reaches: NodeReach[]) => spreadOnly(candidates(reaches, { ...NOTHING, models }))
    expect(spread(hdd, ssd)).toBe('n1 is none for db: node.labels.disk==ssd; n2 is none for app: node.labels.disk==hdd')
    expect(spread(hdd, reach('n3'))).toBeNull()
    expect(spread(hdd, { ...ssd, problem: 'its engine does not answer' })).toBeNull()
    expect(spreadOnly(candidates([hdd, ssd], { ...NOTHING, models: [] }))).toBeNull()
  })

  it.each([
    ['down', reach('n2', { state: 'down' })],
    ['paused', reach('n2', { availability: 'pause' })],
    ['drained by Swarm', reach('n2', { availability: 'drain' })],
    ['drained by cc-ci', reach('n2', { labels: { [DRAIN_LABEL]: '' } })],
    ['silent', reach('n2', {}, { problem: 'its engine does not answer' })],
    ['of an unknown endpoint', reach('n2', {}, { engine: null })],
  ])('is none that is %s', (_, n2) => {
    expect(chosen([n2])).toBeNull()
    expect(chosen([n2, reach('n1', { memoryBytes: 1 })])).toBe('n1')
  })
})

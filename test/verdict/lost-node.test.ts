import { expect, test } from 'vitest'
import { lostNode } from '../../src/verdict/lost-node.ts'

type Ended = Parameters<typeof lostNode>[0]

const ended = (more: Partial<Ended> = {}, code = 'engine-lost'): Ended => ({
  verdict: 'unverified',
  environment: { node: 'n2' },
  tiers: [
    { id: 'install', status: 'pass' },
    { id: 'upgrade', status: 'unverified', cause: { code } },
    { id: 'teardown', status: 'unverified', cause: { code: 'engine-lost' } },
  ],
  ...more,
})

test('a run that ended because its node was gone names it', () => {
  expect(lostNode(ended())).toBe('n2')
})

test.each([
  ['that ended for another reason, though the node was gone at the teardown', ended({}, 'deadline')],
  ['that failed: what was judged stands', ended({ verdict: 'fail' })],
  ['that passed', ended({ verdict: 'pass' })],
  ['in a Swarm of one node: there is no other to try', ended({ environment: {} })],
  ['that told nothing of its environment', ended({ environment: null })],
])('none is named of one %s', (_, run) => {
  expect(lostNode(run)).toBeNull()
})

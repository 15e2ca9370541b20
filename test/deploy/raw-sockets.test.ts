import { expect, test } from 'vitest'
import { withoutRawSockets } from '../../src/deploy/native/raw-sockets.ts'
import type { ComposeService } from '../../src/recipe/model.ts'

test.each<[string, ComposeService, readonly string[] | undefined]>([
  ['says nothing', {}, ['NET_RAW']],
  ['drops another', { cap_drop: ['CHOWN'] }, ['CHOWN', 'NET_RAW']],
  ['drops it', { cap_drop: ['net_raw'] }, undefined],
  ['drops it by its long name', { cap_drop: ['CAP_NET_RAW'] }, undefined],
  ['drops all', { cap_drop: ['all'] }, undefined],
  ['may add it', { cap_add: ['NET_RAW'] }, undefined],
  ['may do everything', { privileged: true }, undefined],
])('a service that %s', (_, service, wanted) => {
  const accommodations: string[] = []
  const walled = withoutRawSockets('app', service, false, accommodations)
  expect(walled.cap_drop).toEqual(wanted ?? service.cap_drop)
  expect(accommodations).toHaveLength(wanted ? 1 : 0)
})

test('the operator allows it', () => {
  const accommodations: string[] = []
  expect(withoutRawSockets('app', {}, true, accommodations)).toEqual({})
  expect(accommodations).toEqual([])
})

import { expect, test } from 'vitest'
import { withHealthPauses } from '../../src/deploy/native/health-pauses.ts'
import { parseImage } from '../../src/engine/machine-state.ts'
import type { ComposeService } from '../../src/recipe/model.ts'

type Check = Readonly<Record<string, unknown>>

const MS = 1e6
const OFTEN = { Test: ['CMD', 'x'], Interval: MS }

test.each<[string, Check | null, Check | undefined, Check | undefined]>([
  ['no health check', null, undefined, undefined],
  ['the usual pause', { Test: ['CMD', 'x'] }, undefined, undefined],
  ['as often as a recipe may', { ...OFTEN, Interval: 500 * MS }, undefined, undefined],
  ['more often', OFTEN, undefined, { interval: '500ms' }],
  ['more often at the start', { ...OFTEN, Interval: 0, StartInterval: MS }, undefined, { start_interval: '500ms' }],
  [
    'more often, where the recipe has a test alone',
    OFTEN,
    { test: ['CMD', 'y'] },
    { test: ['CMD', 'y'], interval: '500ms' },
  ],
  ['more often, and not in the recipe', OFTEN, { interval: '5s' }, { interval: '5s' }],
  ['more often, and turned off', OFTEN, { disable: true }, { disable: true }],
])('an image with %s', (_, Healthcheck, healthcheck, given) => {
  const { healthPauses, id } = parseImage({ Id: 'sha256:1', Config: { Healthcheck } })
  const image = { ref: 'x', pinned: 'x', id, sizeBytes: 1, healthPauses }
  const service: ComposeService = { image: 'x', ...(healthcheck ? { healthcheck } : {}) }
  const accommodations: string[] = []
  expect(withHealthPauses('app', service, image, accommodations).healthcheck).toEqual(given)
  expect(accommodations.length).toBe(JSON.stringify(given) === JSON.stringify(healthcheck) ? 0 : 1)
})

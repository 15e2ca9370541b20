import { expect, test } from 'vitest'
import { withLogLimits } from '../../src/deploy/native/log-limits.ts'
import type { ComposeService } from '../../src/recipe/model.ts'

const MOST = 100 * 1024 ** 2
const BOUND = { 'max-size': String(MOST / 2), 'max-file': '2' }

test.each<[string, ComposeService['logging'], unknown]>([
  ['nothing', undefined, { driver: 'json-file', options: BOUND }],
  ['options alone', { options: { labels: 'x' } }, { driver: 'json-file', options: { labels: 'x', ...BOUND } }],
  ['no size', { driver: 'local' }, { driver: 'local', options: BOUND }],
  ['too much', { driver: 'json-file', options: { 'max-size': '1g' } }, { driver: 'json-file', options: BOUND }],
  [
    'too many files',
    { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '100000' } },
    { driver: 'json-file', options: BOUND },
  ],
  ['without end', { driver: 'json-file', options: { 'max-size': '-1' } }, { driver: 'json-file', options: BOUND }],
  ['less', { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } }, 'as it is'],
  ['no log', { driver: 'none' }, 'as it is'],
])('the log of a service that says %s', (_, logging, wanted) => {
  const service = { image: 'x', ...(logging === undefined ? {} : { logging }) }
  const accommodations: string[] = []
  const bounded = withLogLimits('app', service, MOST, accommodations)
  const same = wanted === 'as it is'
  expect(bounded.logging).toEqual(same ? logging : wanted)
  expect(accommodations).toEqual(
    same ? [] : ['service app: the engine keeps at most 104857600 bytes of its log (resources.log)'],
  )
})

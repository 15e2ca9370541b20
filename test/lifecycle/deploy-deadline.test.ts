import { expect, test } from 'vitest'
import type { Settings } from '../../src/config/settings.ts'
import { deployDeadline } from '../../src/lifecycle/deploy-deadline.ts'

const MINUTE = 60_000

function deadline(labels: Record<string, string>, set = false): number {
  const settings = { timeouts: { deploy: 10 * MINUTE } } as Settings
  const place = { file: 'cc-ci.yml', line: 1, column: 1 }
  return deployDeadline({ settings, sources: new Map(set ? [['timeouts.deploy', place]] : []) }, [
    { labels: {} },
    { labels },
  ])
}

test.each([
  ['no label', {}, 10 * MINUTE],
  ['a longer one', { 'coop-cloud.s.timeout': '1200' }, 20 * MINUTE],
  ['a shorter one', { 'coop-cloud.s.timeout': '60' }, 10 * MINUTE],
  ['not a number', { 'coop-cloud.s.timeout': 'soon' }, 10 * MINUTE],
  ['for ever', { 'coop-cloud.s.timeout': '99999999' }, 120 * MINUTE],
  ['another label', { 'coop-cloud.s.version': '1200' }, 10 * MINUTE],
])('the timeout label of the recipe: %s', (_, labels, ms) => {
  expect(deadline(labels)).toBe(ms)
})

test('a setting wins over the label', () => {
  expect(deadline({ 'coop-cloud.s.timeout': '1200' }, true)).toBe(10 * MINUTE)
})

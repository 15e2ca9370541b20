import { expect, test } from 'vitest'
import type { Settings } from '../../../src/config/settings.ts'
import { deployDeadline, explainedDeadline } from '../../../src/lifecycle/app/deploy-deadline.ts'

const MINUTE = 60_000

function facts({ set = false, p95Ms }: { readonly set?: boolean; readonly p95Ms?: number }) {
  const settings = { timeouts: { deploy: 10 * MINUTE } } as Settings
  const place = { file: 'cc-ci.yml', line: 1, column: 1 }
  const deploy = p95Ms === undefined ? null : { p50Ms: 1, p95Ms, runs: 7 }
  const sources = new Map(set ? [['timeouts.deploy', place]] : [])
  return { settings: { settings, sources }, expected: { deploy } }
}

function deadline(labels: Record<string, string>, set = false): number {
  return deployDeadline(facts({ set }), [{ labels: {} }, { labels }])
}

test.each([
  ['no label', {}, 10 * MINUTE],
  ['a longer one', { 'coop-cloud.s.timeout': '1200' }, 20 * MINUTE],
  ['a shorter one', { 'coop-cloud.s.timeout': '60' }, 10 * MINUTE],
  ['not a number', { 'coop-cloud.s.timeout': 'soon' }, 10 * MINUTE],
  ['forever', { 'coop-cloud.s.timeout': '99999999' }, 120 * MINUTE],
  ['another label', { 'coop-cloud.s.version': '1200' }, 10 * MINUTE],
])('the timeout label of the recipe: %s', (_, labels, ms) => {
  expect(deadline(labels)).toBe(ms)
})

test('a setting wins over the label', () => {
  expect(deadline({ 'coop-cloud.s.timeout': '1200' }, true)).toBe(10 * MINUTE)
})

test.each([
  ['what is usual is far below', 4 * MINUTE, 10 * MINUTE, 'default'],
  ['twice as long as usual is longer', 8 * MINUTE, 16 * MINUTE, 'memory'],
  ['no more than a deployment with progress may take anyway', 50 * MINUTE, 30 * MINUTE, 'memory'],
])('memory only raises: %s', (_, p95Ms, ms, source) => {
  expect(explainedDeadline(facts({ p95Ms }), [{ labels: {} }])).toMatchObject({ ms, source })
})

test('memory raises what a label asks for, says by what, and never a setting', () => {
  const services = [{ labels: { 'coop-cloud.s.timeout': '1200' } }]
  expect(explainedDeadline(facts({ p95Ms: 15 * MINUTE }), services)).toEqual({
    ms: 30 * MINUTE,
    source: 'memory',
    why: "7 earlier runs took up to 15 min 00 s (p95); the recipe's label coop-cloud.<stack>.timeout would be 20 min 00 s",
  })
  expect(explainedDeadline(facts({ p95Ms: 15 * MINUTE, set: true }), services)).toMatchObject({
    ms: 10 * MINUTE,
    source: 'setting',
  })
  expect(
    explainedDeadline(facts({ p95Ms: 100 * MINUTE }), [{ labels: { 'coop-cloud.s.timeout': '7000' } }]),
  ).toMatchObject({
    ms: 120 * MINUTE,
  })
})

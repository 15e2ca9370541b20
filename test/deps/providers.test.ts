import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PROVIDERS, providerOf } from '../../src/deps/index.ts'
import { isOrphan, MAKER_LABELS, madeBy } from '../../src/deps/maker.ts'
import { PROVIDER_NAMES } from '../../src/deps/names.ts'

test('the map of providers is the list of their folders', () => {
  const entries = readdirSync(join(import.meta.dirname, '../../src/deps'), { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  expect(Object.keys(PROVIDERS).sort()).toEqual(folders.sort())
  expect([...PROVIDER_NAMES].sort()).toEqual(folders.sort())
})

test.each(PROVIDER_NAMES)('%s bears its own name and says what it gives', async (name) => {
  const provider = await providerOf(name)
  expect(provider?.name).toBe(name)
  expect(provider?.what).toMatch(/\.$/)
  expect(Object.keys(provider?.outputs ?? {}).every((key) => /^[a-z][a-zA-Z]*$/.test(key))).toBe(true)
})

test.each(['nothing', 'toString', '__proto__', ''])('there is no provider %j', async (name) => {
  expect(await providerOf(name)).toBeNull()
})

describe('what a run had made', () => {
  const run = { runId: '20261123-191254-k3f9qa' }
  const { [MAKER_LABELS.maker]: maker = '' } = madeBy(run)
  const with_ = (change: object) => ({
    ...madeBy(run),
    [MAKER_LABELS.maker]: JSON.stringify({ ...JSON.parse(maker), ...change }),
  })

  test('is not abandoned while its process runs', () => expect(isOrphan(madeBy(run))).toBe(false))
  test('is abandoned when another process has its pid', () => expect(isOrphan(with_({ startTicks: '1' }))).toBe(true))
  test('is abandoned after a reboot', () => expect(isOrphan(with_({ bootId: 'another' }))).toBe(true))
  test('is not abandoned when another machine made it', () =>
    expect(isOrphan(with_({ startTicks: '1', host: 'elsewhere' }))).toBe(false))
  test('is not abandoned when the run is kept', () =>
    expect(
      isOrphan({
        ...with_({ startTicks: '1' }),
        ...madeBy({ ...run, keep: true }),
        [MAKER_LABELS.maker]: with_({ startTicks: '1' })[MAKER_LABELS.maker],
      }),
    ).toBe(false))
  test.each([{}, { [MAKER_LABELS.maker]: '' }, { [MAKER_LABELS.maker]: '{"pid":1}' }])(
    'is left alone without a mark of ours: %j',
    (labels) => expect(isOrphan(labels)).toBe(false),
  )
})

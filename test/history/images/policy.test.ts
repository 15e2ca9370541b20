import { expect, test, vi } from 'vitest'
import { type CurrentImage, imagePolicy, planImages } from '../../../src/history/images/policy.ts'

const DAY = 24 * 3_600_000
const NOW = Date.parse('2030-03-01T00:00:00Z')

function image(ref: string, daysAgo: number, bytes = 100, keep: string | null = null): CurrentImage {
  const usedAt = new Date(NOW - daysAgo * DAY).toISOString()
  return { image: { schema: 1, ref, engine: 'e', id: 'sha256:1', earlier: [], pulledAt: usedAt, usedAt }, bytes, keep }
}

const went = (all: readonly CurrentImage[], olderThan: number | null, maxBytes: number | null) =>
  planImages(all, { olderThanMs: olderThan === null ? null : olderThan * DAY, maxBytes }, NOW).map(
    ({ image: { ref }, why }) => `${ref} ${why}`,
  )

test('what was not used for too long goes, then what was not used for longest, until the rest has room', () => {
  const all = [image('new', 1), image('old', 40), image('older', 50), image('middle', 20)]
  expect(went(all, 30, null)).toEqual(['older age', 'old age'])
  expect(went(all, null, 400)).toEqual([])
  expect(went(all, null, 399)).toEqual(['older size'])
  expect(went(all, 45, 250)).toEqual(['older age', 'old size'])
  expect(went(all, 45, 100)).toEqual(['older age', 'old size', 'middle size'])
  expect(went(all, null, 0)).toEqual(['older size', 'old size', 'middle size', 'new size'])
  expect(went(all, null, null)).toEqual([])
  expect(went(all, 20, null)).toEqual(['older age', 'old age', 'middle age'])
})

test('what is needed stays and counts all the same', () => {
  const all = [image('needed', 90, 1000, 'a service uses it'), image('other', 1, 10)]
  expect(went(all, 30, 500)).toEqual(['other size'])
  expect(went([image('needed', 2, 1000, 'a service uses it'), image('other', 1, 10)], 30, 500)).toEqual(['other size'])
  expect(went(all, 30, null)).toEqual([])
})

test('limits are asked for, else set by the operator, else the defaults', () => {
  expect(imagePolicy()).toEqual({ olderThanMs: 30 * DAY, maxBytes: 20 * 1024 ** 3 })
  vi.stubEnv('CC_CI_IMAGES_AGE', '2d')
  vi.stubEnv('CC_CI_IMAGES_SIZE', 'none')
  expect(imagePolicy()).toEqual({ olderThanMs: 2 * DAY, maxBytes: null })
  expect(imagePolicy({ olderThan: 'none', maxBytes: '0' })).toEqual({ olderThanMs: null, maxBytes: 0 })
  vi.stubEnv('CC_CI_IMAGES_SIZE', 'huge')
  expect(() => imagePolicy()).toThrow(expect.objectContaining({ code: 'bad-size' }))
  vi.unstubAllEnvs()
})

import { expect, test, vi } from 'vitest'
import { diskReserve } from '../../src/machine/disk-room.ts'

const GIB = 1024 ** 3

test('what stays free is the operator’s to say, and otherwise a gibibyte, or a twentieth of a small disk', () => {
  vi.stubEnv('CC_CI_DISK_RESERVE', '')
  expect([diskReserve(500 * GIB), diskReserve(10 * GIB)]).toEqual([GIB, GIB / 2])
  vi.stubEnv('CC_CI_DISK_RESERVE', '3G')
  expect(diskReserve(10 * GIB)).toBe(3 * GIB)
  vi.stubEnv('CC_CI_DISK_RESERVE', '0')
  expect(diskReserve(10 * GIB)).toBe(0)
  vi.stubEnv('CC_CI_DISK_RESERVE', 'much')
  expect(() => diskReserve(10 * GIB)).toThrow(expect.objectContaining({ code: 'bad-size' }))
  vi.unstubAllEnvs()
})

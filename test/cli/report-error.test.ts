import { expect, test, vi } from 'vitest'
import { reportError } from '../../src/cli/support/report-error.ts'

test('a full disk is the machine, not a fault of cc-ci', () => {
  const written: string[] = []
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  const code = reportError(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }), [])
  spy.mockRestore()
  expect(code).toBe(2)
  expect(written.join('')).toMatch(/no space left.*\n.*--state/)
})

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readTokenFile } from '../../src/server/server-address.ts'

it('takes a token from a file that its owner alone may read', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-token-'))
  const file = join(dir, 'token')
  const token = 'x'.repeat(43)
  try {
    expect(() => readTokenFile(file)).toThrow(/cannot be read/)
    writeFileSync(file, `${token}\n`, { mode: 0o600 })
    expect(readTokenFile(file)).toBe(token)
    chmodSync(file, 0o640)
    expect(() => readTokenFile(file)).toThrow(/others than its owner/)
    chmodSync(file, 0o600)
    for (const text of ['', 'short', `${token} ${token}`, `${token}\n${token}`]) {
      writeFileSync(file, text)
      expect(() => readTokenFile(file), text).toThrow(/does not hold one token/)
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
})

import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkDownload } from '../../src/images/pinned.ts'

const dir = mkdtempSync(join(tmpdir(), 'cc-ci-pinned-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const CONTENT = Buffer.alloc(200_000, 'keycloak')
const sha256 = createHash('sha256').update(CONTENT).digest('hex')

test('the file that is known passes; with one other bit it is refused by name and both hashes', async () => {
  const file = join(dir, 'thing.zip')
  writeFileSync(file, CONTENT)
  await checkDownload(file, { what: 'thing 1.0', sha256 })
  const changed = Buffer.from(CONTENT)
  changed[150_000] = (changed[150_000] ?? 0) ^ 1
  writeFileSync(file, changed)
  const got = createHash('sha256').update(changed).digest('hex')
  await expect(checkDownload(file, { what: 'thing 1.0', sha256 })).rejects.toMatchObject({
    name: 'InfraError',
    code: 'download-changed',
    message: expect.stringMatching(new RegExp(`^thing 1\\.0 \\(thing\\.zip\\).*${got}, not ${sha256}$`)) as unknown,
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseSize } from '../../../src/lib/text/size.ts'
import { readServerSettings } from '../../../src/server/settings/read.ts'
import { SERVER_SETTINGS } from '../../../src/server/settings/table.ts'

const NEEDED = {
  CC_CI_PUBLIC_URL: 'https://ci.example.org/',
  CC_CI_FORGE_URL: 'https://git.example.org',
  CC_CI_FORGE_TOKEN: 'f'.repeat(40),
  CC_CI_WEBHOOK_SECRET: 'w'.repeat(16),
  CC_CI_OPERATOR_TOKEN: 'o'.repeat(32),
}
const read = (env: Record<string, string>, flags: Parameters<typeof readServerSettings>[0]['flags'] = {}) =>
  readServerSettings({ state: '/state', flags, env })

test('what is needed, and defaults for the rest', () => {
  expect(read(NEEDED)).toEqual({
    ...{ state: '/state', host: '127.0.0.1', port: 8080, proxies: 0, databaseUrl: null },
    ...{ publicUrl: 'https://ci.example.org', forgeKind: 'gitea', forgeUrl: 'https://git.example.org' },
    ...{ forgeToken: 'f'.repeat(40), webhookSecret: 'w'.repeat(16), operatorToken: 'o'.repeat(32) },
    ...{ workerMemoryBytes: 4 * 1024 ** 3, runMemoryBytes: 2 * 1024 ** 3, runDeadlineMs: 3_600_000, pollMs: 60_000 },
    ...{ oauth: null, operatorOrganisation: null },
    ...{ pruneOlderThanMs: 90 * 86_400_000, pruneMaxBytes: 10 * 1024 ** 3, mirrorsMaxBytes: 10 * 1024 ** 3 },
    ...{ sweepAt: null, sweepList: null },
  })
})

test('a flag wins over a variable, a file gives a secret', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-settings-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'secret')
  writeFileSync(file, `${'s'.repeat(20)}\n`)
  const { CC_CI_WEBHOOK_SECRET: _, ...others } = NEEDED
  const settings = read({ ...others, CC_CI_WEBHOOK_SECRET_FILE: file, CC_CI_PORT: '1' }, { port: '9000' })
  expect(settings).toMatchObject({ port: 9000, webhookSecret: 's'.repeat(20) })
  expect(() => read({ ...NEEDED, CC_CI_WEBHOOK_SECRET_FILE: file })).toThrow('both set')
})

test('every problem at once, with what is allowed, and never a value of a secret', () => {
  const wrong = {
    CC_CI_FORGE_URL: 'ftp://x',
    CC_CI_PORT: '70000',
    CC_CI_WEBHOOK_SECRET: 'too-short',
    CC_CI_POLL: '0s',
    CC_CI_PROXIES: '-1',
  }
  try {
    read({ ...wrong, CC_CI_WORKER_MEMORY: '4 elephants', CC_CI_OAUTH_CLIENT_ID: 'id' })
    expect.unreachable()
  } catch (error) {
    const { message } = error as Error
    for (const said of [
      'CC_CI_PUBLIC_URL (or --public-url) is missing',
      'CC_CI_FORGE_TOKEN or CC_CI_FORGE_TOKEN_FILE is missing',
      'CC_CI_WEBHOOK_SECRET has 9 characters; 16 are the least',
      'CC_CI_OPERATOR_TOKEN or CC_CI_OPERATOR_TOKEN_FILE is missing',
      'CC_CI_FORGE_URL: "ftp://x" is no address',
      'CC_CI_PORT: "70000" is not a valid port',
      'CC_CI_WORKER_MEMORY: "4 elephants" is not a size',
      'CC_CI_POLL: "0s" is nothing',
      'CC_CI_PROXIES: "-1" is no count of proxies; 0 to 9',
      'login by the forge needs CC_CI_OAUTH_CLIENT_SECRET and CC_CI_OPERATORS as well',
    ])
      expect(message).toContain(said)
    expect(message).not.toContain('too-short')
  }
})

test.each(['https://user:pw@x.org', 'https://x.org/?a=b', 'x.org', 'file:///etc/passwd'])('%s is no address', (url) => {
  expect(() => read({ ...NEEDED, CC_CI_FORGE_URL: url })).toThrow('no address')
})

test('the server itself is at the root of its host; a forge may be below', () => {
  expect(() => read({ ...NEEDED, CC_CI_PUBLIC_URL: 'https://example.org/ci' })).toThrow('has a path')
  expect(read({ ...NEEDED, CC_CI_FORGE_URL: 'https://example.org/git/' }).forgeUrl).toBe('https://example.org/git')
})

test('no secret has a flag', () => {
  for (const { kind, flag } of SERVER_SETTINGS) if (kind === 'secret') expect(flag).toBeNull()
})

test.each([
  ['0', 0],
  ['512M', 512 * 1024 ** 2],
  ['4G', 4 * 1024 ** 3],
])('size %s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each(['', '4', '4g', '-1G', '1.5G', '4 G'])('"%s" is no size', (text) => {
  expect(() => parseSize(text)).toThrow('not a size')
})

test('a limit of what is pruned may be none, and never nothing', () => {
  expect(read({ ...NEEDED, CC_CI_PRUNE_OLDER_THAN: 'none', CC_CI_PRUNE_MAX_BYTES: 'none' })).toMatchObject({
    ...{ pruneOlderThanMs: null, pruneMaxBytes: null },
  })
  expect(read(NEEDED, { pruneOlderThanMs: '30d', pruneMaxBytes: '512M' })).toMatchObject({
    ...{ pruneOlderThanMs: 30 * 86_400_000, pruneMaxBytes: 512 * 1024 ** 2 },
  })
  expect(() => read({ ...NEEDED, CC_CI_PRUNE_OLDER_THAN: '0s', CC_CI_PRUNE_MAX_BYTES: '0' })).toThrow(
    /CC_CI_PRUNE_OLDER_THAN: "0s" is nothing[\s\S]*CC_CI_PRUNE_MAX_BYTES: "0" is nothing/,
  )
})

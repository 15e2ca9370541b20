import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execOk } from '../lib/process/exec.ts'

/** Apps under test live under this domain; it exists nowhere else (RFC 6761 reserves `.test`). */
const TEST_DOMAIN = 'ci.test'

export interface TestCertificate {
  /** PEM of the authority, to be trusted. Its key is gone. */
  readonly ca: string
  /** PEM of the leaf for `*.ci.test` and `ci.test`. */
  readonly certificate: string
  readonly key: string
}

const DAYS = '3650'

/**
 * Makes an authority, signs one wildcard leaf with it and forgets the authority's key: nothing else can ever be signed. Works in a temporary
 * folder below `parent`.
 */
export async function makeCertificate(parent = tmpdir()): Promise<TestCertificate> {
  const folder = await mkdtemp(join(parent, 'cc-ci-edge-'))
  const openssl = (args: string[]) => execOk('openssl', args, { timeoutMs: 5 * 60_000, cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  try {
    await openssl([
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      DAYS,
      '-subj',
      '/CN=cc-ci test authority',
    ])
    await openssl(['req', ...newKey, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', `/CN=*.${TEST_DOMAIN}`])
    await writeFile(
      join(folder, 'leaf.ext'),
      `subjectAltName=DNS:*.${TEST_DOMAIN},DNS:${TEST_DOMAIN}\nextendedKeyUsage=serverAuth\n`,
    )
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', DAYS, '-extfile', 'leaf.ext']
    await openssl(['x509', '-req', '-in', 'leaf.csr', ...signing, '-out', 'leaf.pem'])
    const read = (name: string) => readFile(join(folder, name), 'utf8')
    return { ca: await read('ca.pem'), certificate: await read('leaf.pem'), key: await read('leaf.key') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

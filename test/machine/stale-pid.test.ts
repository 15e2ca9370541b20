import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { dropStalePidFiles } from '../../src/machine/stale-pid.ts'

const dir = mkdtempSync(join(tmpdir(), 'cc-ci-pid-'))
afterAll(() => rmSync(dir, { recursive: true }))
const own = readFileSync('/proc/self/comm', 'utf8').trim()

test.each([
  ['of a process that is gone', '4194304', 'dockerd', false],
  ['of a process that is now another program', String(process.pid), 'dockerd', false],
  ['of the program itself', String(process.pid), own, true],
])('a pid file %s', (_, pid, program, stays) => {
  const file = join(dir, 'engine.pid')
  writeFileSync(file, pid)
  expect(dropStalePidFiles({ [file]: program })).toEqual(stays ? [] : [file])
  expect(existsSync(file)).toBe(stays)
})

test('no pid file at all', () => {
  expect(dropStalePidFiles({ [join(dir, 'none')]: 'dockerd' })).toEqual([])
})

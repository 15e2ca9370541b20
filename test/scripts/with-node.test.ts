import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const [EARLIER, LATER] = [new Date('2026-01-01'), new Date('2026-01-02')]

interface Packages {
  /** When npm installed them; missing: never. */
  readonly installed?: Date
  /** What with-node.sh noted of the lock file; missing: nothing, as after `npm ci` by hand. */
  readonly stamp?: string
}

/** Whether `with-node.sh` calls npm, which is played by a script, before it starts a program. */
function callsNpm({ installed, stamp }: Packages): boolean {
  const root = mkdtempSync(join(tmpdir(), 'cc-ci-with-node-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const dir of ['scripts', 'bin', 'node_modules/node/bin']) mkdirSync(join(root, dir), { recursive: true })
  copyFileSync(join(ROOT, 'scripts/with-node.sh'), join(root, 'scripts/with-node.sh'))
  symlinkSync(process.execPath, join(root, 'node_modules/node/bin/node'))
  writeFileSync(join(root, 'package-lock.json'), '{}\n')
  utimesSync(join(root, 'package-lock.json'), EARLIER, new Date(EARLIER.getTime() + 1000))
  writeFileSync(join(root, 'bin/npm'), '#!/bin/sh\ntouch called\n', { mode: 0o755 })
  writeFileSync(join(root, 'program.mjs'), "process.stdout.write('started')\n")
  if (installed) {
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{}\n')
    utimesSync(join(root, 'node_modules/.package-lock.json'), installed, installed)
  }
  if (stamp !== undefined) writeFileSync(join(root, 'node_modules/.cc-ci-lock'), stamp)
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}` }
  const start = () =>
    spawnSync('sh', ['scripts/with-node.sh', 'program.mjs'], { cwd: root, env, encoding: 'utf8' }).stdout
  expect(start()).toBe('started')
  const called = existsSync(join(root, 'called'))
  rmSync(join(root, 'called'), { force: true })
  expect(readFileSync(join(root, 'node_modules/.cc-ci-lock'), 'utf8')).toMatch(/^\d+ 3\n$/)
  expect(start()).toBe('started')
  expect(existsSync(join(root, 'called'))).toBe(false)
  return called
}

test.each<[what: string, packages: Packages, called: boolean]>([
  ['no packages', {}, true],
  ['packages that npm ci just installed', { installed: LATER }, false],
  ['packages that are older than the lock file', { installed: EARLIER }, true],
  ['packages of another lock file', { installed: LATER, stamp: '1 1\n' }, true],
])('%s: npm ci is run when it has to be', (_, packages, called) => {
  expect(callsNpm(packages)).toBe(called)
})

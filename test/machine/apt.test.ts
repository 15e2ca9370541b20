// cspell:ignore fcntl lockf
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { refreshLists } from '../../src/machine/apt.ts'

/** Apt on lists of its own, with no source to ask; and another program that holds their lock. */
async function heldLists() {
  const lists = mkdtempSync(join(tmpdir(), 'cc-ci-apt-'))
  mkdirSync(join(lists, 'partial'))
  const hold = `import fcntl,sys
f = open('${lists}/lock', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()`
  const holder = spawn('python3', ['-c', hold], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  onTestFinished(() => {
    holder.kill()
    rmSync(lists, { recursive: true })
  })
  const settings = ['Dir::State::Lists', 'Dir::Etc::SourceList', 'Dir::Etc::SourceParts'].flatMap((key, at) => [
    '-o',
    `${key}=${at === 0 ? lists : '/dev/null'}`,
  ])
  return { settings, release: () => holder.stdin.end() }
}

test('lists that another program holds are waited for', async () => {
  const { settings, release } = await heldLists()
  setTimeout(release, 300)
  await refreshLists(settings, 30_000)
})

test('lists that stay held are named with their holder', async () => {
  const { settings } = await heldLists()
  await expect(refreshLists(settings, 700)).rejects.toMatchObject({
    code: 'packages-busy',
    message: expect.stringMatching(/Could not get lock .*lock\. It is held by process \d+ \(python3\)/),
  })
})

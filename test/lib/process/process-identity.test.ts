import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from '../../../src/lib/process/process-identity.ts'
import { folder } from '../../recipe/throwaway.ts'

function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

function stat(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
}

/** Counted from the right, where nothing has a name: the start is field 22 of 52 (proc(5)). */
function identityOf(pid: number): ProcessIdentity {
  const startTicks =
    stat(pid)
      .trim()
      .split(' ')
      .at(22 - 53) ?? ''
  return { pid, startTicks, bootId: ownIdentity().bootId }
}

test('this process is alive; with its pid from another start or another boot it is not', () => {
  const own = ownIdentity()
  expect(own).toEqual({ ...identityOf(process.pid), pidNamespace: readlinkSync('/proc/self/ns/pid') })
  expect(own.bootId).toMatch(/^[0-9a-f-]{36}$/)
  expect(isAlive(own)).toBe(true)
  expect(isAlive({ ...own, startTicks: String(Number(own.startTicks) - 1) })).toBe(false)
  expect(isAlive({ ...own, startTicks: '' })).toBe(false)
  expect(isAlive({ ...own, bootId: '00000000-0000-0000-0000-000000000000' })).toBe(false)
})

test('another process is alive until it has ended, whatever it is called', async () => {
  const program = join(await folder({}), 'a) Z 1 (b')
  copyFileSync('/bin/sleep', program)
  const child = start(program, ['60'])
  await once(child, 'spawn')
  await until('the program', () => stat(child.pid ?? 0).includes('(a) Z 1 (b)'))
  const identity = identityOf(child.pid ?? 0)
  expect(isAlive(identity)).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isAlive(identity)).toBe(false)
})

test('a zombie has ended: nobody has taken note of it yet', async () => {
  // The shell becomes a program that never asks after its children before the child may end.
  const parent = start('sh', ['-c', 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 60 3<&-'])
  const [line] = (await once(parent.stdout ?? parent, 'data')) as [Buffer]
  const pid = Number(line.toString())
  await until('the parent to sleep', () => stat(parent.pid ?? 0).includes('(sleep)'))
  const identity = identityOf(pid)
  expect(isAlive(identity)).toBe(true)
  parent.stdin?.end()
  await until('a zombie', () => stat(pid).includes(') Z '))
  expect(identityOf(pid)).toEqual(identity)
  expect(isAlive(identity)).toBe(false)
})

async function until(name: string, look: () => boolean): Promise<void> {
  const condition = async () =>
    look() ? { state: 'ready' as const, value: true } : { state: 'waiting' as const, reason: 'not yet' }
  expect(await waitFor(condition, { name, timeoutMs: 10_000 })).toMatchObject({ state: 'ready' })
}

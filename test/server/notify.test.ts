import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Clock } from '../../src/lib/async/clock.ts'
import { systemClock } from '../../src/lib/async/clock.ts'
import { serviceManager } from '../../src/server/notify.ts'

let dir = ''
let lines: string[] = []
const log = pino({}, { write: (line: string) => void lines.push(line) })

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cc-ci-notify-'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true })
})
beforeEach(async () => {
  lines = []
  await program('echo "$NOTIFY_SOCKET $*" >> "$(dirname "$0")/told"')
  await writeFile(join(dir, 'told'), '')
  vi.stubEnv('PATH', `${dir}:/usr/bin:/bin`)
})

/** What stands where systemd's own program would: it notes down what it is told to say. */
async function program(body: string): Promise<void> {
  await writeFile(join(dir, 'systemd-notify'), `#!/bin/sh\n${body}\n`)
  await chmod(join(dir, 'systemd-notify'), 0o755)
}

const told = async () => (await readFile(join(dir, 'told'), 'utf8')).trim().split('\n').filter(Boolean)

/** A clock whose sleeps take no time and are noted; the signal ends after so many. */
function hasty(most: number): { readonly clock: Clock; readonly sleeps: number[]; readonly signal: AbortSignal } {
  const [sleeps, over]: [number[], AbortController] = [[], new AbortController()]
  const sleep = async (ms: number) => {
    if (sleeps.push(ms) === most) over.abort()
  }
  return { clock: { now: Date.now, sleep }, sleeps, signal: over.signal }
}

test('systemd hears of the server where it asked, twice in the time that it allows', async () => {
  const { clock, sleeps, signal } = hasty(3)
  const manager = serviceManager({ clock, log }, { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '120000000' })
  await manager.notify('READY=1')
  await manager.keepTelling(signal)
  await manager.notify('STOPPING=1')
  expect(await told()).toEqual(
    ['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1'].map((one) => `/run/n ${one}`),
  )
  expect(sleeps).toEqual([60_000, 60_000, 60_000])
  expect(lines).toEqual([])
})

test.each([
  ['nobody asked', {}],
  ['nobody asked, though there is a watchdog of another', { WATCHDOG_USEC: '1' }],
])('nothing is said where %s', async (_, env) => {
  const manager = serviceManager({ clock: systemClock, log }, env)
  await manager.notify('READY=1')
  await manager.keepTelling(new AbortController().signal)
  expect(await told()).toEqual([])
  expect(lines).toEqual([])
})

test('no watchdog is asked for: readiness is told, and no more', async () => {
  const manager = serviceManager({ clock: systemClock, log }, { NOTIFY_SOCKET: '/run/n' })
  await manager.keepTelling(new AbortController().signal)
  await manager.notify('READY=1')
  expect(await told()).toEqual(['/run/n READY=1'])
})

test('a program that is missing or fails is said once in the log, and ends nothing', async () => {
  await program('echo no socket >&2; exit 1')
  const { clock, signal } = hasty(1)
  const env = { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '1000000' }
  await serviceManager({ clock, log }, env).keepTelling(signal)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ msg: 'sd_notify failed', words: 'no socket' }])
  lines = []
  vi.stubEnv('PATH', join(dir, 'nothing'))
  const manager = serviceManager({ clock, log }, env)
  await manager.notify('READY=1')
  await manager.notify('STOPPING=1')
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([expect.stringContaining('systemd-notify is not there')])
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Cleanup } from '../../src/lib/async/cleanup.ts'
import { isRunId, newRunId, timeOfRunId } from '../../src/lib/ids.ts'
import { exec, execOk } from '../../src/lib/process/exec.ts'
import { formatDuration, parseDuration } from '../../src/lib/text/duration.ts'
import { formatSize } from '../../src/lib/text/size.ts'

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1.5s', 1500],
    ['90d', 7_776_000_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '5', 'm', '5x', '5s later', '-5s'])('refuses "%s" and says how to write one', (text) => {
    expect(() => parseDuration(text)).toThrow(/not a duration/)
  })

  it('writes them for a person', () => {
    const days = 86_400_000
    expect([400, 61_000, 7_380_000, 1.9 * days, 90 * days, 2.5 * days].map(formatDuration)).toEqual([
      ...['0.4 s', '1 min 01 s', '2 h 03 min', '45 h 36 min', '90 d', '2 d 12 h'],
    ])
  })
})

describe('sizes', () => {
  it('are written for a person', () => {
    const mib = 1024 ** 2
    expect([0, 1, 2048, mib, 1.5 * 1024 * mib].map(formatSize)).toEqual(['0 MiB', '1 KiB', '2 KiB', '1 MiB', '1.5 GiB'])
  })
})

describe('run ids', () => {
  it('sort by time and are safe names', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (now) => isRunId(newRunId(now))))
    expect(newRunId(1000) < newRunId(100_000_000)).toBe(true)
    const now = Date.parse('2026-11-29T20:38:15Z')
    expect(timeOfRunId(newRunId(now + 999))).toBe(now)
  })
})

describe('Cleanup', () => {
  it('undoes the last first, keeps every failure and stops at none', async () => {
    const order: string[] = []
    const cleanup = new Cleanup()
    cleanup.register('first', async () => void order.push('first'))
    cleanup.register('broken', async () => {
      throw new TypeError('stuck')
    })
    cleanup.register('last', async () => void order.push('last'))
    expect(await cleanup.run()).toEqual([{ what: 'broken', message: 'stuck', error: new TypeError('stuck') }])
    expect(order).toEqual(['last', 'first'])
    expect(await cleanup.run()).toEqual([])
  })
})

describe('exec', () => {
  const timeoutMs = 20_000

  it('hands arguments over as they are, never to a shell', async () => {
    const hostile = '$(touch /tmp/x); `id` "\' && echo'
    expect((await exec('printf', ['%s', hostile], { timeoutMs })).stdout).toBe(hostile)
  })

  it('gives none of our environment but what finds programs and the engine', async () => {
    process.env.CC_CI_TEST_TOKEN = 'do-not-pass-on'
    expect((await exec('env', [], { timeoutMs })).stdout).not.toContain('do-not-pass-on')
  })

  it('kills the whole group at the deadline', async () => {
    const started = Date.now()
    const result = await exec('sh', ['-c', 'sleep 60 & sleep 60'], { timeoutMs: 200 })
    expect(result).toMatchObject({ exitCode: null, timedOut: true })
    expect(Date.now() - started).toBeLessThan(10_000)
  })

  it('lets the group clean up first where a grace is given', async () => {
    const cleaning = 'trap "echo cleaned; exit 3" TERM; sleep 60 & wait'
    const result = await exec('sh', ['-c', cleaning], { timeoutMs: 300, graceMs: 20_000 })
    expect(result).toMatchObject({ exitCode: 3, stdout: 'cleaned\n', timedOut: true })
    const deaf = await exec('sh', ['-c', 'trap "" TERM; sleep 60'], { timeoutMs: 300, graceMs: 300 })
    expect(deaf).toMatchObject({ exitCode: null, timedOut: true })
  })

  it('reports every line as it comes', async () => {
    const lines: string[] = []
    await exec('sh', ['-c', 'echo one; echo two >&2; echo three'], { timeoutMs, onLine: (line) => lines.push(line) })
    expect(lines.sort()).toEqual(['one', 'three', 'two'])
  })

  it('bounds what it keeps', async () => {
    const result = await exec('sh', ['-c', 'yes'], { timeoutMs, maxBytes: 1000 })
    expect(result.stdout.length).toBeLessThanOrEqual(1000)
    expect(result.timedOut).toBe(false)
  })

  it('names a program that is missing, and the last words of one that failed', async () => {
    await expect(exec('no-such-program-here', [], { timeoutMs })).rejects.toMatchObject({ code: 'program-missing' })
    await expect(execOk('sh', ['-c', 'echo because >&2; exit 3'], { timeoutMs })).rejects.toThrow(
      /ended with 3[\s\S]*because/,
    )
    const killed = execOk('sh', ['-c', 'echo so far; kill -KILL $$'], { timeoutMs })
    await expect(killed).rejects.toThrow(/was killed:\nso far/)
    const late = execOk('sh', ['-c', 'echo so far; sleep 60'], { timeoutMs: 3_000 })
    await expect(late).rejects.toThrow(/did not end within 3\.0 s and was killed:\nso far/)
  })
})

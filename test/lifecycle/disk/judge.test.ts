import { describe, expect, test } from 'vitest'
import { type DiskReading, judgeDisk } from '../../../src/lifecycle/disk/judge.ts'
import type { Writer } from '../../../src/lifecycle/disk/written.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3
const BOUNDS = { most: 10 * GIB, reserve: GIB }

function writer(bytes: number, rest: Partial<Writer> = {}): Writer {
  return { what: 'volume data of app', bytes, own: true, service: 'app', containers: ['c1'], ...rest }
}

function seen(rest: Partial<DiskReading>): DiskReading {
  const free = rest.free ?? 20 * GIB
  return { free, ahead: free, freeAtStart: 40 * GIB, shortMs: 0, written: [], ...rest }
}

describe('who is told to have filled the disk', () => {
  const rows: readonly [string, Partial<DiskReading>, string | null][] = [
    ['a run that holds nothing', {}, null],
    ['as much as a run may hold', { written: [writer(10 * GIB)] }, null],
    ['more than that', { written: [writer(10 * GIB + 1)] }, 'fail recipe'],
    [
      'more in many places',
      { written: [writer(6 * GIB), writer(5 * GIB, { what: 'container layer of app' })] },
      'fail recipe',
    ],
    ['as much with a copy that cc-ci made', { written: [writer(9 * GIB), writer(9 * GIB, { own: false })] }, null],
    ['only a dependency', { written: [writer(30 * GIB, { own: false, service: null })] }, null],
    [
      'a short disk, most of it this run’s',
      { free: 900 * MIB, written: [writer(9 * GIB)], freeAtStart: 10 * GIB },
      'unverified infra',
    ],
    [
      'one that soon will be short',
      { free: 2 * GIB, ahead: 0, written: [writer(9 * GIB)], freeAtStart: 11 * GIB },
      'unverified infra',
    ],
    [
      'a short disk, by a dependency',
      { free: 900 * MIB, written: [writer(9 * GIB, { own: false })], freeAtStart: 10 * GIB },
      'unverified infra',
    ],
    ['a short disk that others filled: wait for them', { free: 900 * MIB, written: [writer(MIB)] }, null],
    ['a run with much less than others', { free: 900 * MIB, written: [writer(3 * GIB)] }, null],
    ['nobody made room', { free: 900 * MIB, written: [writer(MIB)], shortMs: 60_000 }, 'unverified infra'],
    ['hardly anything left', { free: 200 * MIB, written: [writer(MIB)] }, 'unverified infra'],
    ['short from the start', { free: 900 * MIB, freeAtStart: 900 * MIB }, 'unverified infra'],
    ['short, and not to be measured: wait', { free: 900 * MIB, written: null }, null],
    [
      'the same for longer: others must not end for it',
      { free: 900 * MIB, written: null, shortMs: 15_000 },
      'unverified infra',
    ],
    ['one that can tell waits on then', { free: 900 * MIB, written: [writer(MIB)], shortMs: 59_000 }, null],
    ['hardly anything left, and not to be measured', { free: 200 * MIB, written: null }, 'unverified infra'],
    ['room, and not to be measured', { written: null }, null],
    [
      'a small disk: more than a run may hold, and short',
      { free: 100 * MIB, written: [writer(11 * GIB)] },
      'fail recipe',
    ],
  ]
  test.each(rows)('%s', (_, state, expected) => {
    const full = judgeDisk(seen(state), BOUNDS)
    expect(full && `${full.outcome} ${full.why.blame}`).toBe(expected)
    if (full) expect(full.why).toMatchObject({ code: 'disk-full' })
  })
})

test('the words name who wrote, how much, the room and the bound', () => {
  const written = [
    writer(11 * GIB),
    ...Array.from({ length: 7 }, (_, index) => writer(MIB, { what: `volume v${index}` })),
  ]
  const why = judgeDisk(seen({ written }), BOUNDS)?.why
  expect(why?.message).toBe(
    'the app wrote 11 GiB, of 10 GiB that one run may hold on the disk (resources.disk); most of it: volume data of app, 11 GiB',
  )
  expect(why?.service).toBe('app')
  expect(why?.lines).toEqual([
    'wrote: volume data of app, 11 GiB',
    ...[0, 1, 2, 3].map((index) => `wrote: volume v${index}, 1 MiB`),
    'wrote: 3 others, 3 MiB',
    'disk: 20 GiB free, 40 GiB when the run began, 1 GiB must stay free',
  ])
  const words = (state: Partial<DiskReading>) => judgeDisk(seen({ free: 200 * MIB, ...state }), BOUNDS)?.why.message
  const short = "of the machine's disk are free, 1 GiB must stay free"
  expect(words({ written: [writer(MIB)] })).toBe(`200 MiB ${short}; it was not this run, which holds 1 MiB`)
  expect(words({ written: null })).toBe(`200 MiB ${short}; what this run holds of it could not be measured`)
  expect(words({ written: [writer(9.9 * GIB)], freeAtStart: 11 * GIB })).toBe(
    `200 MiB ${short}; this run holds 9.9 GiB of it, most of it: volume data of app, 9.9 GiB`,
  )
  expect(words({ free: 2 * GIB, ahead: 0, freeAtStart: 3 * GIB, written: [writer(GIB)] })).toContain(
    "2 GiB of the machine's disk are free and going fast",
  )
})

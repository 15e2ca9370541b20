import { expect, test } from 'vitest'
import { withReportedKills } from '../../../src/engine/watch/reported-kills.ts'
import { type Life, lived, second } from './lives.ts'
import { watching } from './watching.ts'

test.each([
  ['was told of as it ended', { from: 0, to: 20, code: 137 }, 20, true],
  ['was told of a little later', { from: 0, to: 20, code: 137 }, 24, true],
  ['was told of long before it ended', { from: 0, to: 20, code: 137 }, 12, false],
  ['ended by itself then', { from: 0, to: 20, code: 1 }, 20, false],
  ['runs on', { from: 0 }, 20, false],
  ['was told of nothing', { from: 0, to: 20, code: 137 }, null, false],
] satisfies [string, Life, number | null, boolean][])(
  'what %s was killed for memory or not',
  (_, life, heard, killed) => {
    const events = new Map(heard === null ? [] : [['c-app0', second(heard)]])
    const { containers } = withReportedKills(lived(30, { app: [life] }), events)
    expect(containers.get('c-app0')?.oomKilled).toBe(killed)
  },
)

test('an engine that is late with its flag makes no crash of an end for want of memory', async () => {
  const lives = {
    app: [{ from: 0 }],
    db: [{ from: 0, to: 30, code: 137 }, { from: 31, to: 60, code: 137 }, { from: 61 }],
  }
  const seen = watching(lives)
  await seen.at(5)
  await seen.converge()
  seen.killsIn('db', 30)
  await seen.at(32)
  await seen.at(61)
  expect(seen.found.map(({ code, service }) => [code, service])).toEqual([['oom-killed', 'db']])
})

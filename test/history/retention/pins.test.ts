import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPins, writePins } from '../../../src/history/retention/pins.ts'
import { folder } from '../../recipe/throwaway.ts'
import { idAt, NOW } from './generated.ts'

const ONE = idAt(NOW, 1)
const TWO = idAt(NOW, 2)

test('every owner has a file, and writes all of it', async () => {
  const state = await folder({})
  expect(readPins(state)).toEqual(new Map())
  await writePins(state, 'canonicals', [{ run: ONE, reason: 'last green release' }])
  await writePins(state, 'sweeps', [
    { run: ONE, reason: 'the last sweep' },
    { run: TWO, reason: 'the last sweep' },
  ])
  expect(readPins(state)).toEqual(
    new Map([
      [
        ONE,
        [
          { run: ONE, reason: 'last green release', owner: 'canonicals' },
          { run: ONE, reason: 'the last sweep', owner: 'sweeps' },
        ],
      ],
      [TWO, [{ run: TWO, reason: 'the last sweep', owner: 'sweeps' }]],
    ]),
  )
  await writePins(state, 'sweeps', [])
  expect([...readPins(state).keys()]).toEqual([ONE])
  expect(readdirSync(join(state, 'pins')).sort()).toEqual(['canonicals.json', 'sweeps.json'])
})

test('a file that is being written pins nothing yet', async () => {
  const state = await folder({ 'pins/.sweeps.json.0123.tmp': '{', 'pins/.half.json': '{', 'pins/README': 'ours' })
  expect(readPins(state).size).toBe(0)
})

test.each([
  ['half a file', '{"schema": 1, "pins": ['],
  ['another schema', JSON.stringify({ schema: 2, pins: [] })],
  ['a run that leads elsewhere', JSON.stringify({ schema: 1, pins: [{ run: '../..', reason: 'x' }] })],
  ['no reason', JSON.stringify({ schema: 1, pins: [{ run: ONE }] })],
])('%s is an error that names the file', async (_, text) => {
  const state = await folder({ 'pins/by-hand.json': text })
  expect(() => readPins(state)).toThrow(
    expect.objectContaining({ code: 'pins-damaged', where: { file: join(state, 'pins', 'by-hand.json') } }),
  )
})

test.each([
  ['../escape', ONE, 'x'],
  ['canonicals', 'last', 'x'],
  ['canonicals', ONE, ' '],
])('what could not be read back is not written: %s %s "%s"', async (owner, run, reason) => {
  const state = await folder({})
  await expect(writePins(state, owner, [{ run, reason }])).rejects.toMatchObject({ code: 'bad-pins' })
  expect(readdirSync(state)).toEqual([])
})

test('a folder that is none is an error too', async () => {
  const state = await folder({})
  writeFileSync(join(state, 'pins'), '')
  expect(() => readPins(state)).toThrow(expect.objectContaining({ code: 'pins-damaged' }))
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { impossible, type MachinePart, missing, ok, type PartState } from '../../src/machine/part.ts'
import { MACHINE_PARTS } from '../../src/machine/steps.ts'
import { doctor, engineUp } from '../../src/machine/up.ts'

let state: string
let lines: string[]
let fixed: string[]
const log = (line: string) => void lines.push(line)

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'cc-ci-up-'))
  lines = []
  fixed = []
})
afterEach(() => rmSync(state, { recursive: true }))

/** A part that is what `seen` says until it is fixed. */
function part(id: string, seen: PartState, over: Partial<MachinePart> = {}): MachinePart {
  let now = seen
  return {
    ...{ id, title: `The ${id}`, action: `fix ${id}`, needs: [], remedy: `fix ${id} by hand` },
    inspect: async () => now,
    repair: async () => {
      fixed.push(id)
      now = ok('fixed')
    },
    ...over,
  }
}

describe('engine up', () => {
  test('leaves alone what is there and says so', async () => {
    const rows = await engineUp({ state, log, parts: [part('a', ok('there')), part('b', ok('there'))] })
    expect(fixed).toEqual([])
    expect(lines).toEqual(['This machine has all it needs.'])
    expect(rows.map((row) => [row.id, row.state, row.remedy])).toEqual([
      ['a', 'ok', null],
      ['b', 'ok', null],
    ])
  })

  test('says what it is about to do before it does it, and does nothing twice', async () => {
    const parts = [part('a', missing('none')), part('b', ok('there')), part('c', missing('none'))]
    await engineUp({ state, log: (line) => log(`${fixed.length} ${line}`), parts })
    expect(lines[0]).toBe('0 About to: fix a; fix c.')
    await engineUp({ state, log, parts })
    expect(fixed).toEqual(['a', 'c'])
  })

  test('fixes in the order of needs, whatever the order of the table', async () => {
    const parts = [
      part('edge', missing(''), { needs: ['network'] }),
      part('network', missing(''), { needs: ['engine'] }),
      part('engine', missing('')),
    ]
    await engineUp({ state, log, parts })
    expect(fixed).toEqual(['engine', 'network', 'edge'])
  })

  test('fixes independent parts side by side', async () => {
    let meet = () => {}
    const met = new Promise<void>((resolve) => {
      meet = resolve
    })
    let done = false
    const first = part('first', missing(''), {
      inspect: async () => (done ? ok('') : missing('')),
      repair: async () => {
        await met
        done = true
      },
    })
    let there = false
    const second = part('second', missing(''), {
      inspect: async () => (there ? ok('') : missing('')),
      repair: async () => {
        there = true
        meet()
      },
    })
    expect((await engineUp({ state, log, parts: [first, second] })).every((row) => row.state === 'ok')).toBe(true)
  })

  test('does not fix what another step brought along', async () => {
    let installed = false
    const tools = part('tools', missing(''), {
      inspect: async () => (installed ? ok('') : missing('')),
      repair: async () => {
        installed = true
      },
    })
    const engine = part('engine', missing(''), {
      needs: ['tools'],
      inspect: async () => (installed ? ok('came with the tools') : missing('')),
    })
    await engineUp({ state, log, parts: [tools, engine] })
    expect(fixed).toEqual([])
  })

  test('names everything that stays missing with its remedy, and what waits for it', async () => {
    const parts = [
      part('engine', impossible('you are not root')),
      part('swarm', missing(''), { needs: ['engine'] }),
      part('disk', ok('')),
    ]
    await expect(engineUp({ state, log, parts })).rejects.toMatchObject({
      code: 'machine-incomplete',
      message:
        'this machine still lacks:\n- The engine: you are not root\n  fix engine by hand\n- The swarm: needs first: The engine\n  fix swarm by hand',
    })
    expect(fixed).toEqual([])
  })

  test('a step that fails does not stop the others, and its words are kept', async () => {
    const broken = part('broken', missing(''), { repair: () => Promise.reject(new Error('no route to the registry')) })
    await expect(engineUp({ state, log, parts: [broken, part('other', missing(''))] })).rejects.toThrow(
      'no route to the registry',
    )
    expect(fixed).toEqual(['other'])
  })

  test('two at once do each thing once', async () => {
    const parts = [part('a', missing(''))]
    await Promise.all([engineUp({ state, log, parts }), engineUp({ state, log, parts })])
    expect(fixed).toEqual(['a'])
    expect(lines).toContain('waiting: another set-up is at work on this machine')
  })
})

describe('the table of parts', () => {
  test('names each part once, with a remedy, and needs only parts that exist', () => {
    const ids = MACHINE_PARTS.map((one) => one.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const one of MACHINE_PARTS) {
      expect(one.remedy).not.toBe('')
      expect(ids).toEqual(expect.arrayContaining([...one.needs]))
      if (one.repair) expect(one.action).not.toBe('')
    }
  })

  test('doctor gives a row for each, and changes nothing', async () => {
    const extra = part('extra', missing('not there'))
    const rows = await doctor({ extra: [extra] })
    expect(rows.map((row) => row.id)).toEqual([...MACHINE_PARTS.map((one) => one.id), 'extra'])
    expect(rows.at(-1)).toMatchObject({ state: 'missing', detail: 'not there', remedy: 'fix extra by hand' })
    expect(fixed).toEqual([])
  })
})

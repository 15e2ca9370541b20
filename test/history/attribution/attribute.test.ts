import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  attribute,
  type CombinationOrder,
  countRuns,
  type Laboratory,
} from '../../../src/history/attribution/attribute.ts'
import type { Draw } from '../../../src/history/attribution/contract.ts'
import {
  type AttributionRecord,
  attributionFolder,
  readAttribution,
  writeAttribution,
} from '../../../src/history/attribution/record.ts'
import { fail, infra, pass, WORLD } from './studies.ts'

const ID = '20261123-191254-k3f9qa'
const MINUTE = 60_000
const state = mkdtempSync(join(tmpdir(), 'cc-ci-attribution-'))
const folder = attributionFolder(state, ID)
afterEach(() => rmSync(state, { recursive: true, force: true }))

/** The commit with this number. */
const commit = (number: number) => number.toString(16).padStart(40, '0')
const numberOf = (id: string | null) => Number.parseInt(id ?? '', 16)

/** Tool and ref each have a line of commits from 0 on; the ends are the first and the last. */
function asked({ tools = 2, refs = 2, bisect = false, runs = 60, timeoutMs = 600 * MINUTE } = {}): AttributionRecord {
  const line = (length: number) => Array.from({ length }, (_, index) => commit(index))
  return {
    ...{ schema: 1, id: ID, startedAt: new Date(0).toISOString(), status: 'running', why: null },
    recipe: { name: 'app', dir: '/recipes/app', origin: '/recipes/app', old: commit(0), new: commit(refs - 1) },
    tool: { repository: '/cc-ci', old: commit(0), new: commit(tools - 1) },
    moved: ['tool', 'ref'],
    flags: [],
    bounds: { runs, deadlineMs: timeoutMs },
    lines: bisect ? { tool: line(tools), ref: line(refs) } : null,
    ...{ spentMs: 0, recorded: null, current: null, runs: [], decision: null, bisection: null },
  }
}

class Killed extends Error {}

interface World {
  /** How a recipe commit ends with a build, both as numbers. */
  readonly ends: (order: { tool: number; ref: number }) => Draw
  /** Dies at this moment: before or after the record is written for the nth time, or while a run continues. */
  readonly dies?: { readonly at: 'before' | 'after' | 'run'; readonly nth: number }
}

/** The driver in a world of its own: each run takes a minute; the record is that on disk. */
async function play(record: AttributionRecord, { ends, dies }: World) {
  let now = 0
  const moments = { saves: 0, runs: 0 }
  const orders: CombinationOrder[] = []
  const die = (at: 'before' | 'after' | 'run', nth: number) => {
    if (dies?.at === at && dies.nth === nth) throw new Killed()
  }
  const lab: Laboratory = {
    clock: { now: () => now, sleep: () => Promise.reject(new Error('no wait is due')) },
    async save(next) {
      moments.saves += 1
      die('before', moments.saves)
      await writeAttribution(folder, next)
      die('after', moments.saves)
    },
    build: async (tool) => ({ commit: tool, checkout: `/builds/${tool}`, state: `/builds/${tool}/state` }),
    async run({ tool, ref }) {
      moments.runs += 1
      die('run', moments.runs)
      now += MINUTE
      orders.push({ tool, ref })
      const draw = ends({ tool: numberOf(tool), ref: numberOf(ref) })
      return { exitCode: 0, trouble: null, tiers: { install: [draw] }, conditions: WORLD }
    },
    report: () => {},
  }
  const done = await attribute(record, lab).catch((error) => {
    if (error instanceof Killed) return null
    throw error
  })
  return { done, orders, moments }
}

const RECIPE: World = { ends: ({ ref }) => (ref > 0 ? fail('data-lost') : pass()) }

describe('an attribution', () => {
  it('runs the cells until it is sure, and keeps all that a page needs', async () => {
    const { done, orders } = await play(asked(), RECIPE)
    expect(done).toMatchObject({ status: 'ended', why: 'decided', decision: { verdict: 'recipe', tier: 'install' } })
    expect(orders).toHaveLength(12)
    expect(readAttribution(folder)).toEqual(done)
    expect(done?.runs[2]).toMatchObject({ cell: 'ON', tool: commit(0), ref: commit(1), conditions: WORLD })
    expect(done?.spentMs).toBe(12 * MINUTE)
  })

  it('ends at the bound of runs, and at the deadline, without an answer', async () => {
    const few = await play(asked({ runs: 7 }), RECIPE)
    expect(few.orders).toHaveLength(7)
    expect(few.done).toMatchObject({ why: 'the bound of 7 runs (--runs)', decision: { verdict: 'inconclusive' } })
    const short = await play(asked({ timeoutMs: 5 * MINUTE }), RECIPE)
    expect(short.orders).toHaveLength(5)
    expect(short.done).toMatchObject({ why: 'the deadline (--deadline)', decision: { verdict: 'inconclusive' } })
  })

  it('continues at the bound when it is given more runs', async () => {
    const { done } = await play(asked({ runs: 7 }), RECIPE)
    const more = { ...(done as AttributionRecord), bounds: { runs: 12, deadlineMs: 600 * MINUTE } }
    const again = await play(more, RECIPE)
    expect(again.orders).toHaveLength(5)
    expect(again.done?.decision?.verdict).toBe('recipe')
  })

  it('loses no run to a kill at any moment, and ends with the same answer', async () => {
    const whole = await play(asked({ refs: 6, bisect: true }), {
      ends: ({ ref }) => (ref > 3 ? fail('data-lost') : pass()),
    })
    const ends: World['ends'] = ({ ref }) => (ref > 3 ? fail('data-lost') : pass())
    const moments = (['before', 'after'] as const).flatMap((at) =>
      Array.from({ length: whole.moments.saves }, (_, index) => ({ at, nth: index + 1 })),
    )
    const during = Array.from({ length: whole.moments.runs }, (_, index) => ({ at: 'run' as const, nth: index + 1 }))
    for (const dies of [...moments, ...during]) {
      await writeAttribution(folder, asked({ refs: 6, bisect: true }))
      const killed = await play(readAttribution(folder), { ends, dies })
      expect(killed.done).toBeNull()
      const kept = readAttribution(folder)
      // The one run that was going on, or had just ended, is made again.
      expect(countRuns(kept)).toBeGreaterThanOrEqual(killed.orders.length - 1)
      const resumed = await play({ ...kept, current: null }, { ends })
      expect(resumed.done?.decision).toEqual(whole.done?.decision)
      expect(resumed.done?.bisection?.found).toEqual(whole.done?.bisection?.found)
      expect(countRuns(resumed.done as AttributionRecord)).toBe(whole.orders.length)
      expect(resumed.done?.current).toBeNull()
    }
  })

  it('names the active run, and its build, before it begins', async () => {
    await play(asked(), { ...RECIPE, dies: { at: 'run', nth: 4 } })
    const { current, runs } = readAttribution(folder)
    expect(runs).toHaveLength(3)
    expect(current).toMatchObject({ checkout: `/builds/${commit(1)}`, state: `/builds/${commit(1)}/state` })
  })
})

describe('a search for the first bad commit', () => {
  const find = async (line: { tools?: number; refs?: number }, ends: World['ends']) =>
    (await play(asked({ ...line, bisect: true }), { ends })).done?.bisection

  it.each([1, 2, 5, 9])('finds commit %i of the recipe', async (first) => {
    const bisection = await find({ refs: 10 }, ({ ref }) => (ref >= first ? fail('data-lost') : pass()))
    expect(bisection).toMatchObject({
      factor: 'ref',
      tier: 'install',
      found: { from: commit(first), to: commit(first) },
    })
  })

  it('finds the commit of the tool', async () => {
    const bisection = await find({ tools: 8 }, ({ tool }) => (tool >= 3 ? fail('proxy-fallback') : pass()))
    expect(bisection).toMatchObject({ factor: 'tool', found: { from: commit(3), to: commit(3) } })
  })

  it('steps over commits with another failure, or none that could be judged, and says between which it is', async () => {
    const bisection = await find({ refs: 10 }, ({ ref }) => {
      if (ref === 4) return fail('compose-invalid')
      if (ref === 5) return infra()
      return ref > 5 ? fail('data-lost') : pass()
    })
    expect(bisection?.found).toEqual({ from: commit(4), to: commit(6) })
  })

  it('searches nothing where there is no first commit to find', async () => {
    expect(await find({ refs: 5 }, pass)).toBeNull()
    expect(
      await find({ refs: 5, tools: 5 }, ({ tool, ref }) => (tool + ref > 0 ? fail('data-lost') : pass())),
    ).toBeNull()
  })

  it('says so where a bound ends it', async () => {
    const { done } = await play(asked({ refs: 100, bisect: true, runs: 16 }), {
      ends: ({ ref }) => (ref >= 30 ? fail('data-lost') : pass()),
    })
    expect(done).toMatchObject({
      why: 'the bound of 16 runs (--runs)',
      bisection: { found: { from: commit(1), to: commit(49) } },
    })
  })
})

import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readRunIndex } from '../../src/history/run-index.ts'
import { runFolder } from '../../src/lifecycle/run-folder.ts'
import { openWorkshop } from '../cli/cc-ci.ts'
import { HEADER } from '../verdict/passing-stream.ts'
import { AFTER, BEFORE, crash, keep, results } from './some-runs.ts'

const header = { recipe: { ...HEADER.recipe, commit: 'b'.repeat(40) } }
const later = (more: Parameters<typeof results>[0] = {}) => results({ id: AFTER, header, ...more })

describe('cc-ci runs --diff', () => {
  it('says what the second run ends with that the first did not, by its exit code too', async () => {
    await using workshop = openWorkshop()
    keep(workshop.state, results(), { 'app.1.log': '2026-11-20T10:15:01.1Z WARN slow disk 12 ms\n' })
    const log = '2026-11-21T10:15:01.1Z WARN slow disk 99 ms\n2026-11-21T10:15:02.1Z ERROR no table users\n'
    keep(workshop.state, later({ fails: { upgrade: crash } }), { 'app.2.log': log })
    const { exitCode, stdout } = await workshop.run(['runs', '--diff', BEFORE, AFTER])
    expect(exitCode, stdout).toBe(1)
    expect(stdout).toMatch(/^✗ WORSE {2}level 6 -> 1$/m)
    expect(stdout).toMatch(/^ {2}about {3}the commit of the recipe \(a1b2c3d4e5 -> bbbbbbbbbb\)$/m)
    expect(stdout).toMatch(/^ {4}regression {4}upgrade {5}pass -> fail crash-loop \(app\)$/m)
    expect(stdout).toMatch(/^ {2}new warnings in logs\n {4}app: ERROR no table users$/m)
    expect(stdout).not.toContain('slow disk')
    const json = await workshop.run(['runs', '--diff', BEFORE, AFTER, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ schema: 1, result: 'worse', about: 'recipe' })
    const back = await workshop.run(['runs', '--diff', AFTER, BEFORE])
    expect(back.exitCode).toBe(0)
    expect(back.stdout).toMatch(/^✓ BETTER/)
  })

  it('finds the baseline of one run, and says why none will do', async () => {
    await using workshop = openWorkshop()
    keep(workshop.state, results({ id: '20261119-101500-cccccc' }))
    keep(workshop.state, results({ header: { evidenceSchema: 9 } }))
    keep(workshop.state, later())
    const found = await workshop.run(['runs', '--diff', AFTER])
    expect(found.exitCode, found.stderr).toBe(0)
    expect(found.stdout).toMatch(/^ {2}before {2}20261119-101500-cccccc/m)
    const none = await workshop.run(['runs', '--diff', '20261119-101500-cccccc'])
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no earlier run of pocketbase is kept') })
    rmSync(runFolder(workshop.state, '20261119-101500-cccccc').dir, { recursive: true })
    const refused = await workshop.run(['runs', '--diff', AFTER])
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('evidence schema 9 against 1') })
  })

  it('refuses what cannot be compared, with what to do, and compares what the caller allows', async () => {
    await using workshop = openWorkshop()
    keep(workshop.state, results())
    keep(workshop.state, later({ header: { ...header, tool: { ...HEADER.tool, commit: 'c'.repeat(40) } } }))
    const refused = await workshop.run(['runs', '--diff', BEFORE, AFTER])
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toMatch(/more than one thing differs: the commit of the recipe .* and cc-ci itself/)
    expect(refused.stderr).toContain('--despite tool')
    const allowed = await workshop.run(['runs', '--diff', BEFORE, AFTER, '--despite', 'tool'])
    expect(allowed.exitCode, allowed.stderr).toBe(0)
    expect(allowed.stdout).toContain('allowed to differ too: cc-ci itself')
    expect(allowed.stdout).toMatch(/^ +commit not recorded -> c{10}$/m)
    const lintAlone = (id: string) => {
      const made = results({ id })
      const leftOut = { status: 'skip', skipKind: 'not-selected' } as const
      return { ...made, tiers: made.tiers.map((tier) => (tier.id === 'lint' ? tier : { ...tier, ...leftOut })) }
    }
    for (const id of ['20261122-101500-dddddd', '20261122-111500-eeeeee']) keep(workshop.state, lintAlone(id))
    const both = await workshop.run(['runs', '--diff', 'dddddd', 'eeeeee'])
    expect(both.exitCode, both.stderr).toBe(0)
    expect(both.stdout).toMatch(/^ {2}tiers\n {4}all end as before$/m)
    for (const [args, text] of [
      [['--diff', BEFORE, AFTER, BEFORE], '3 are named'],
      [['--diff', 'zzzzzz'], 'no run "zzzzzz"'],
      [['--diff', BEFORE, '--despite', 'weather'], 'none of recipe, base, settings, tool, environment'],
      [['--diff', BEFORE, '--max-age', 'soon'], 'soon'],
    ] as const) {
      const { exitCode, stderr } = await workshop.run(['runs', ...args])
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(text) })
    }
  })
})

describe('the index of runs', () => {
  it('is a cache: without it, with torn lines and with runs that are gone it says the same', async () => {
    await using workshop = openWorkshop()
    const { state } = workshop
    keep(state, results())
    keep(state, later({ fails: { install: crash } }))
    const whole = readRunIndex(state)
    expect(whole.runs.map(({ id, verdict }) => [id, verdict])).toEqual([
      [AFTER, 'fail'],
      [BEFORE, 'pass'],
    ])
    const file = join(state, 'runs-index.ndjson')
    const text = readFileSync(file, 'utf8')
    expect(text.trim().split('\n')).toHaveLength(2)
    appendFileSync(file, text.slice(0, 200))
    expect(readRunIndex(state)).toEqual(whole)
    writeFileSync(file, text.replaceAll('"format":1', '"format":0'))
    expect(readRunIndex(state)).toEqual(whole)
    expect(readFileSync(file, 'utf8').split('\n').sort()).toEqual(text.split('\n').sort())
    rmSync(file)
    rmSync(runFolder(state, BEFORE).dir, { recursive: true })
    expect(readRunIndex(state).runs).toEqual([whole.runs[0]])
  })

  it('reads results once, and tells those that cannot be read', async () => {
    await using workshop = openWorkshop()
    const { state } = workshop
    keep(state, results())
    readRunIndex(state)
    // A summary that is kept is not read again.
    writeFileSync(runFolder(state, BEFORE).results, '{')
    keep(state, later())
    writeFileSync(runFolder(state, AFTER).results, '{')
    const { runs, damaged } = readRunIndex(state)
    expect(runs.map(({ id }) => id)).toEqual([BEFORE])
    expect(damaged).toMatchObject([{ id: AFTER }])
    const list = await workshop.run(['runs'])
    expect(list.stdout).toMatch(new RegExp(`^${AFTER} .* damaged$`, 'm'))
    expect(list.stdout).toMatch(new RegExp(`^${BEFORE} .* pocketbase +pass +level 6$`, 'm'))
  })
})

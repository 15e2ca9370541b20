import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kindOf } from '../../../src/history/retention/kinds.ts'
import { pruneOutcome } from '../../../src/history/retention/outcome.ts'
import { writePins } from '../../../src/history/retention/pins.ts'
import { type PruneOptions, pruneRuns } from '../../../src/history/retention/prune.ts'
import { addPruned, fateOf, prunedText, readPruned } from '../../../src/history/retention/pruned-record.ts'
import { reserveRun, runFolder, setStatus } from '../../../src/lifecycle/run-folder.ts'
import { parseResults } from '../../../src/verdict/results.ts'
import { folder } from '../../recipe/throwaway.ts'
import { DAY_MS, type GeneratedRun, generateRun, idAt, NOW, PRUNABLE } from './generated.ts'

const OLD = idAt(NOW - 100 * DAY_MS)
const FOR_EVER = ['events.ndjson', 'pruned.json', 'results.json', 'run.json']
const BY_AGE = { olderThanMs: 90 * DAY_MS, maxBytes: null }

async function stage() {
  const state = await folder({ 'outside/precious.txt': 'precious' })
  return {
    state,
    outside: join(state, 'outside'),
    run: (id: string, more: Omit<GeneratedRun, 'id'> = {}) => generateRun(state, { id, ...more }),
    prune: (more: Partial<PruneOptions> = {}) =>
      pruneRuns({ state, policy: BY_AGE, clock: { now: () => NOW }, ...more }),
  }
}

/** All that is there but folders, links included, by its path. */
function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1))
    .sort()
}

describe('a prune', () => {
  test('leaves the results and a record of what went, and nothing else', async () => {
    const { run, prune, outside } = await stage()
    const old = run(OLD, { outside })
    const young = run(idAt(NOW - DAY_MS))
    const results = readFileSync(old.results, 'utf8')
    const done = await prune()
    expect(filesOf(old.dir)).toEqual(FOR_EVER)
    expect(readFileSync(old.results, 'utf8')).toBe(results)
    expect(readdirSync(old.artifacts)).toEqual([])
    expect(filesOf(young.dir)).toEqual([...Object.keys(PRUNABLE), 'events.ndjson', 'results.json', 'run.json'].sort())
    expect(readFileSync(join(outside, 'precious.txt'), 'utf8')).toBe('precious')
    expect(pruneOutcome.parse(done)).toMatchObject({
      pruned: [{ run: OLD, why: 'age' }],
      kinds: [
        { kind: 'logs', runs: 1, files: 2, bytes: 280 },
        { kind: 'pictures', files: 2, bytes: 1200 },
        { kind: 'report', files: 2 },
        { kind: 'traces', files: 1, bytes: 1200 },
        { kind: 'checkouts', files: 5 },
      ],
      ...{ within: 1, bare: 0, kept: [], failures: [] },
    })
    expect(done.after.bytes).toBe(
      [old, young].reduce(
        (sum, { dir }) => sum + filesOf(dir).reduce((all, file) => all + lstatSync(join(dir, file)).size, 0),
        0,
      ),
    )
    expect(prunedText(readPruned(old.dir) ?? { schema: 1, pruned: [] })).toBe(
      'pruned on 2026-11-29: logs, pictures, report, traces, checkouts',
    )
  })

  test('has nothing to do the second time, and changes nothing', async () => {
    const { run, prune } = await stage()
    const { dir } = run(OLD)
    await prune()
    const record = readFileSync(join(dir, 'pruned.json'), 'utf8')
    expect(await prune()).toMatchObject({ pruned: [], bare: 1 })
    expect(readFileSync(join(dir, 'pruned.json'), 'utf8')).toBe(record)
  })

  test('that only looks says the same and touches nothing', async () => {
    const { run, prune } = await stage()
    const { dir } = run(OLD)
    const before = filesOf(dir)
    const would = await prune({ dryRun: true })
    expect(filesOf(dir)).toEqual(before)
    const { pruned, kinds } = await prune()
    expect({ pruned: would.pruned, kinds: would.kinds }).toEqual({ pruned, kinds })
  })

  test('of what came later adds to the record', async () => {
    const { run, prune } = await stage()
    const { dir, logs } = run(OLD)
    await prune()
    mkdirSync(logs)
    writeFileSync(join(logs, 'late.log'), 'late')
    expect(await prune()).toMatchObject({ pruned: [{ kinds: [{ kind: 'logs', files: 1, bytes: 4 }] }] })
    expect(readPruned(dir)?.pruned[0]).toMatchObject({ kind: 'logs', files: 3, bytes: 284, finished: true })
  })

  test('continues where another one was stopped, whatever the age, and counts nothing twice', async () => {
    const { run, prune, outside } = await stage()
    const { dir } = run(idAt(NOW))
    const at = new Date(NOW - DAY_MS).toISOString()
    addPruned(dir, [{ kind: 'logs', at, files: 2, bytes: 280, folders: ['logs'], why: 'size', finished: false }])
    mkdirSync(join(dir, '.pruning'))
    renameSync(join(dir, 'logs'), join(dir, '.pruning', 'logs-abcdef'))
    symlinkSync(outside, join(dir, '.pruning', 'a-link'))
    writeFileSync(join(dir, '.pruned.json.0123456789ab.tmp'), '{')
    expect(prunedText(readPruned(dir) ?? { schema: 1, pruned: [] })).toBe('begun to be pruned on 2026-11-28: logs')
    expect(await prune()).toMatchObject({ pruned: [{ why: 'begun', kinds: [{ kind: 'logs' }] }] })
    expect(readPruned(dir)?.pruned).toMatchObject([{ kind: 'logs', at, files: 2, bytes: 280, finished: true }])
    const rest = Object.keys(PRUNABLE).filter((path) => kindOf(path) !== 'logs')
    expect(filesOf(dir)).toEqual([...rest, ...FOR_EVER].sort())
    expect(readdirSync(outside)).toEqual(['precious.txt'])
  })

  test.each(['logs', 'artifacts', 'checkout', '.pruning'])(
    'removes a link called %s and not what it leads to',
    async (name) => {
      const { run, prune, outside } = await stage()
      const { dir } = run(OLD)
      rmSync(join(dir, name), { recursive: true, force: true })
      symlinkSync(outside, join(dir, name))
      expect((await prune()).failures).toEqual([])
      expect(existsSync(join(dir, name))).toBe(false)
      expect(readFileSync(join(outside, 'precious.txt'), 'utf8')).toBe('precious')
    },
  )

  test('does not enter a run folder that is a link', async () => {
    const { state, run, prune, outside } = await stage()
    const { dir } = run(OLD)
    renameSync(dir, join(outside, 'moved'))
    symlinkSync(join(outside, 'moved'), dir)
    expect(await prune()).toMatchObject({ pruned: [], kept: [{ run: OLD, reason: 'unreadable' }] })
    expect(filesOf(join(outside, 'moved'))).toContain('logs/app.1.log')
    expect(existsSync(join(state, 'runs'))).toBe(true)
  })

  test('is refused while another one is at work, and a folder that is not there yet has nothing to prune', async () => {
    const { run, prune, state } = await stage()
    run(OLD)
    const [one, two] = await Promise.allSettled([prune(), prune()])
    expect([one.status, two]).toEqual([
      'fulfilled',
      { status: 'rejected', reason: expect.objectContaining({ code: 'prune-busy' }) },
    ])
    expect(await prune({ state: join(state, 'nowhere') })).toMatchObject({ before: { runs: 0, bytes: 0 } })
  })
})

describe('nothing is pruned of a run', () => {
  const server = { 'request.json': '{}', ...PRUNABLE }
  const cases: [string, string, (state: string) => unknown][] = [
    ['that continues', 'running', (state) => reserveRun(state, OLD, new Date(NOW).toISOString())],
    ['whose app is kept up', 'kept', (state) => generateRun(state, { id: OLD, record: { status: 'kept' } })],
    ['that died', 'abandoned', (state) => generateRun(state, { id: OLD, record: { status: 'running' } })],
    [
      'that waits in a queue',
      'waiting',
      (state) => rmSync(join(generateRun(state, { id: OLD, files: server }).dir, 'run.json')),
    ],
    [
      'that its server does not have',
      'undelivered',
      (state) => generateRun(state, { id: OLD, files: { ...PRUNABLE, 'worker.json': '{"delivered":false}' } }),
    ],
    [
      'that something refers to',
      'pinned',
      (state) => {
        generateRun(state, { id: OLD })
        return writePins(state, 'canonicals', [{ run: OLD, reason: 'last green release of web' }])
      },
    ],
    [
      'whose record is damaged',
      'unreadable',
      (state) => writeFileSync(join(generateRun(state, { id: OLD }).dir, 'run.json'), '{'),
    ],
    [
      'whose prune record is damaged',
      'unreadable',
      (state) => writeFileSync(join(generateRun(state, { id: OLD }).dir, 'pruned.json'), '{'),
    ],
    ['without results', 'no-results', (state) => rmSync(generateRun(state, { id: OLD }).results)],
    [
      'with half of its results',
      'no-results',
      (state) => {
        const { results } = generateRun(state, { id: OLD })
        writeFileSync(results, readFileSync(results, 'utf8').slice(0, 500))
      },
    ],
    [
      'with the results of another run',
      'no-results',
      (state) => {
        const { results } = generateRun(state, { id: OLD })
        writeFileSync(results, readFileSync(results, 'utf8').replaceAll(OLD, idAt(NOW, 7)))
      },
    ],
    [
      'whose results are a link',
      'no-results',
      (state) => {
        const { results, dir } = generateRun(state, { id: OLD })
        renameSync(results, join(state, 'elsewhere.json'))
        symlinkSync(join(state, 'elsewhere.json'), join(dir, 'results.json'))
      },
    ],
  ]
  test.each(cases)('%s', async (_, reason, make) => {
    const { state, prune } = await stage()
    await make(state)
    const { dir } = runFolder(state, OLD)
    const before = filesOf(dir)
    expect(await prune({ policy: { olderThanMs: 0, maxBytes: 0 } })).toMatchObject({
      pruned: [],
      kept: [{ run: OLD, reason }],
    })
    expect(filesOf(dir)).toEqual(before)
  })

  test('but once it is over, delivered and heard of', async () => {
    const { state, prune } = await stage()
    generateRun(state, {
      id: OLD,
      files: { ...PRUNABLE, 'worker.json': '{"delivered":true}' },
      record: { status: 'kept' },
    })
    setStatus(runFolder(state, OLD), 'ended')
    const uploaded = idAt(NOW - 99 * DAY_MS)
    rmSync(join(generateRun(state, { id: uploaded, files: { ...server, 'outcome.json': '{}' } }).dir, 'run.json'))
    expect((await prune()).pruned.map(({ run }) => run)).toEqual([OLD, uploaded])
  })

  test('that comes to be pinned after it was looked at', async () => {
    const { state, run, prune } = await stage()
    const [{ dir }, other] = [run(OLD), run(idAt(NOW - 99 * DAY_MS))]
    const before = filesOf(dir)
    // Asked for once the pins were read, before anything goes.
    const policy = {
      maxBytes: null,
      get olderThanMs() {
        mkdirSync(join(state, 'pins'), { recursive: true })
        const pins = [{ run: OLD, reason: 'a sweep began' }]
        writeFileSync(join(state, 'pins', 'sweeps.json'), JSON.stringify({ schema: 1, pins }))
        return 0
      },
    }
    expect(await prune({ policy })).toMatchObject({
      kept: [{ run: OLD, reason: 'pinned', words: 'sweeps: a sweep began' }],
      pruned: [{ run: idAt(NOW - 99 * DAY_MS) }],
    })
    expect([filesOf(dir), filesOf(other.dir)]).toEqual([before, FOR_EVER])
  })

  test('where a file of pins cannot be read: it may pin anything', async () => {
    const { state, run, prune } = await stage()
    const { dir } = run(OLD)
    mkdirSync(join(state, 'pins'))
    writeFileSync(join(state, 'pins', 'sweeps.json'), '{')
    await expect(prune()).rejects.toMatchObject({ code: 'pins-damaged' })
    expect(filesOf(dir)).toContain('report.html')
  })
})

test('whoever needs a file can tell: it is here, was pruned, is missing, or never was', async () => {
  const { run, prune } = await stage()
  const { dir, results, report } = run(OLD)
  const known = parseResults(JSON.parse(readFileSync(results, 'utf8')))
  const fate = (path: string) => fateOf(dir, path, known).state
  const asked = [
    'artifacts/install.png',
    'artifacts/upgrade.png',
    'logs/app.1.log',
    'report.html',
    'checkout-base',
    'checkout/compose.yml',
    'results.json',
  ]
  expect(asked.map(fate)).toEqual(['here', 'none', 'here', 'here', 'here', 'here', 'here'])
  rmSync(report)
  rmSync(join(dir, 'checkout-base'), { recursive: true })
  expect(['report.html', 'checkout-base'].map(fate)).toEqual(['missing', 'none'])
  writeFileSync(report, 'x')
  await prune()
  expect(asked.map(fate)).toEqual(['pruned', 'none', 'pruned', 'pruned', 'none', 'pruned', 'here'])
  expect(fateOf(dir, 'report.html', known)).toEqual({ state: 'pruned', at: new Date(NOW).toISOString() })
})

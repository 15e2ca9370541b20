import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { CellRecord, Matrix } from '../../src/history/sweep/record.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { git } from '../recipe/throwaway.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine, start } from './started.ts'

async function listOf(workshop: Workshop, text: string): Promise<string> {
  const file = join(workshop.dir, 'sweep.yml')
  writeFileSync(file, text)
  return file
}

function cellRecords(workshop: Workshop): CellRecord[] {
  return globSync('sweeps/*/cells/*.json', { cwd: workshop.state }).map((file) =>
    JSON.parse(readFileSync(join(workshop.state, file), 'utf8')),
  )
}

/** Waits until the records of cells are so. */
async function until(workshop: Workshop, name: string, is: (cells: readonly CellRecord[]) => boolean): Promise<void> {
  const seen = await waitFor<true, never>(
    async () => (is(cellRecords(workshop)) ? { state: 'ready', value: true } : { state: 'waiting', reason: 'not yet' }),
    { name, timeoutMs: 600_000, everyMs: 50 },
  )
  expect(seen.state, name).toBe('ready')
}

/** The events of the active run have come so far. */
function hasEvent(workshop: Workshop, { run }: CellRecord, type: string): boolean {
  const file = join(workshop.state, 'runs', run, 'events.ndjson')
  return existsSync(file) && readFileSync(file, 'utf8').includes(`"type":"${type}"`)
}

describe('cc-ci sweep', () => {
  it('is killed twice while an app runs, continues, keeps what had ended, leaves nothing, and is compared with the next one', async () => {
    await using workshop = openWorkshop()
    const healthy = await workshop.recipe('no-volumes')
    const broken = await workshop.recipe('bad-compose')
    const exclude = 'exclude: [{ recipe: broken, cell: main, reason: being rewritten, expires: 2999-01-01 }]\n'
    const from = await listOf(workshop, `recipes: { no-volumes: ${healthy}, broken: ${broken} }\n${exclude}`)
    const first = start(workshop, ['sweep', '--from', from, '--jobs', '1'])
    const hasApp = (cell: CellRecord) => cell.status === 'running' && hasEvent(workshop, cell, 'image')
    await until(workshop, 'the first run to have an app', (cells) => cells.some(hasApp))
    first.kill('SIGKILL')
    await first.exited
    const killed = cellRecords(workshop).find(({ status }) => status === 'running')
    const second = start(workshop, ['sweep', '--resume', 'last'])
    const isNext = (cell: CellRecord) => cell.run !== killed?.run && hasApp(cell)
    await until(workshop, 'the next run to have an app', (cells) => cells.some(isNext))
    second.kill('SIGKILL')
    await second.exited
    const kept = cellRecords(workshop).filter(({ status }) => status === 'ended')
    const file = join(workshop.dir, 'matrix.json')
    const done = await workshop.run(['sweep', '--resume', 'last', '--json', file])
    expect(done.exitCode, done.stdout + done.stderr).toBe(1)
    const matrix = JSON.parse(readFileSync(file, 'utf8')) as Matrix
    expect(matrix.cells.map(({ key, status, reason }) => [key, status, reason?.code ?? null])).toEqual([
      ['broken@release', 'fail', null],
      ['broken@main', 'not-run', 'excluded'],
      ['no-volumes@release', 'pass', null],
      ['no-volumes@main', 'pass', null],
    ])
    expect(cellRecords(workshop)).toEqual(expect.arrayContaining(kept))
    expect(cellRecords(workshop).flatMap(({ earlier }) => earlier)).toHaveLength(2)
    expect(await leftOnEngine(workshop)).toEqual([])
    expect(matrix.reconciled).toBeNull()
    expect(readdirSync(join(workshop.state, 'sweeps', matrix.id))).toEqual(
      expect.arrayContaining(['report.html', 'matrix.md', 'matrix.json']),
    )

    // The recipe moves, and what has not moved is left out.
    await git(healthy, 'commit', '--quiet', '--allow-empty', '-m', 'nothing that runs')
    const again = await workshop.run(['sweep', 'no-volumes', '--from', from, '--changed', '--json', file])
    expect(again.exitCode, again.stdout + again.stderr).toBe(0)
    const next = JSON.parse(readFileSync(file, 'utf8')) as Matrix
    expect(next.cells.map(({ key, status, reason }) => [key, status, reason?.code ?? null])).toEqual([
      ['no-volumes@release', 'pass', 'up-to-date'],
      ['no-volumes@main', 'pass', null],
    ])
    expect(next.cells[0]?.run).toBe(matrix.cells[2]?.run)
    expect(next.reconciled).toEqual({ before: 2, appeared: 0, disappeared: 0, now: 2 })
    expect(again.stdout).toContain(`since sweep ${matrix.id}: 2 cells = 2 before + 0 appeared - 0 disappeared`)
    expect(next.cells[1]?.change).toMatchObject({ word: 'same', owner: null, moved: [{ dimension: 'recipe' }] })
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it('stopped by SIGINT takes down what runs, and says how to continue', async () => {
    await using workshop = openWorkshop()
    const from = await listOf(workshop, `recipes: { no-volumes: ${await workshop.recipe('no-volumes')} }\n`)
    const run = start(workshop, ['sweep', '--from', from])
    await until(workshop, 'a run to have an app', (cells) => cells.some((cell) => hasEvent(workshop, cell, 'image')))
    run.kill('SIGINT')
    expect(await run.exited, run.output()).toBe(130)
    expect(run.output()).toMatch(/cc-ci sweep --resume \d{8}-\d{6}-/)
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it('asked for what cannot be: exit 2, told, and nothing is made', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('no-volumes')
    const from = await listOf(workshop, `recipes: { no-volumes: ${recipe} }\n`)
    const refused = async (args: readonly string[], says: RegExp) => {
      const { exitCode, stderr, stdout } = await workshop.run(['sweep', ...args])
      expect([exitCode, stderr], stdout).toEqual([2, expect.stringMatching(says)])
      expect(globSync('sweeps/*/*', { cwd: workshop.state })).toEqual([])
    }
    await refused([], /no list says what is to be swept/)
    await refused(['--from', join(workshop.dir, 'nowhere.yml')], /cannot be read/)
    await refused(['ghost', '--from', from], /nothing to sweep[\s\S]*ghost@release: .*does not list it/)
    await refused(['--from', await listOf(workshop, 'recipes: {}\n')], /there is nothing to sweep/)
    await refused(['--resume', 'last'], /no sweep is "last"/)
    await refused(['--resume', 'last', '--changed'], /cannot be used with/)
    const shown = await workshop.run([
      'sweep',
      '--dry-run',
      '--from',
      await listOf(workshop, `recipes: { no-volumes: ${recipe} }\n`),
    ])
    expect([shown.exitCode, shown.stdout]).toEqual([
      0,
      expect.stringMatching(/run {4}no-volumes@release: 1\.0\.0\+1 \([0-9a-f]{10}\)/),
    ])
    expect(globSync('sweeps/*', { cwd: workshop.state })).toEqual([])
  })
})

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { openWorkshop, type Workshop } from '../../cli/cc-ci.ts'
import { keep } from '../some-runs.ts'
import { idOf, run, story } from './story.ts'

const WEEK = ['report', '--week', '2026-W48']

/** Both forms as `cc-ci report` writes them of runs whose folders were made in this order. */
async function written(
  workshop: Workshop,
  all: readonly Results[],
): Promise<{ html: string; markdown: string; json: string }> {
  for (const one of all) keep(workshop.state, one)
  const [html, markdown] = [join(workshop.dir, 'out', 'week.html'), join(workshop.dir, 'out', 'week.md')]
  const { exitCode, stderr, stdout } = await workshop.run([...WEEK, '--html', html, '--markdown', markdown, '--json'])
  expect(exitCode, stderr).toBe(0)
  return { html: readFileSync(html, 'utf8'), markdown: readFileSync(markdown, 'utf8'), json: stdout }
}

/** Always the same, and far from the order of time. */
function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one, at) => [(at * 7 + 3) % 11, at, one] as const)
    .sort(([a, b], [c, d]) => a - c || b - d)
    .map(([, , one]) => one)
}

it('writes the same bytes of the same runs: again, in another order of creation, without the index of runs', async () => {
  await using one = openWorkshop()
  await using other = openWorkshop()
  const first = await written(one, story())
  expect(await written(one, [])).toEqual(first)
  expect(shuffled(story()).map(({ run }) => run.id)).not.toEqual(story().map(({ run }) => run.id))
  expect(await written(other, shuffled(story()))).toEqual(first)
  rmSync(join(one.state, 'runs-index.ndjson'))
  expect(await written(one, [])).toEqual(first)
  expect(first.html).toContain(`href="../state/runs/${idOf('1124-101500')}/results.json"`)
  expect(first.markdown).toContain(`(<../state/runs/${idOf('1124-101500')}/results.json>)`)
  expect(JSON.parse(first.json)).toMatchObject({ schema: 1, week: { id: '2026-W48' } })
})

it('takes a day for its week, prints Markdown, and leads to reports where they are', async () => {
  await using workshop = openWorkshop()
  for (const one of story()) keep(workshop.state, one)
  writeFileSync(runFolder(workshop.state, idOf('1124-101500')).report, '<!doctype html>')
  const { stdout, exitCode } = await workshop.run(['report', '--week', '2026-11-29'])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^# Week 2026-W48\n/)
  expect(stdout).toContain(`(<runs/${idOf('1124-101500')}/report.html>)`)
})

it('is no report where nothing ran, and refuses what is no week', async () => {
  await using workshop = openWorkshop()
  mkdirSync(workshop.state)
  const empty = await workshop.run([...WEEK, '--markdown', '-'])
  expect(empty).toMatchObject({ exitCode: 3, stdout: '', stderr: expect.stringContaining('nothing ran in 2026-W48') })
  const wrong = await workshop.run(['report', '--week', '48'])
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('2026-W48, or name a day in it') })
})

it('lists what is flaky, of all recipes or everything of one', async () => {
  await using workshop = openWorkshop()
  expect((await workshop.run(['runs', '--flaky'])).stdout).toContain('no whole runs')
  keep(workshop.state, run(idOf('1129-080000'), { name: 'notes' }))
  expect((await workshop.run(['runs', '--flaky'])).stdout).toBe('nothing passed on a second attempt only\n')
  for (const one of story()) keep(workshop.state, one)
  const all = await workshop.run(['runs', '--flaky'])
  expect(all.stdout).toMatch(
    /^chat {2}restore\n {4}flaky 1 of 2 runs \(50 %\), 3 attempts, 0 failed; p50 9\.0 s, p95 9\.0 s\n {4}flaky since 2026-11-27, run 20261127-080000-aaaaaa\n$/,
  )
  expect((await workshop.run(['runs', '--flaky', 'gitea'])).stdout).toMatch(/^gitea {2}upgrade\n {4}flaky 0 of 3 runs/m)
  const json = JSON.parse((await workshop.run(['runs', '--flaky', '--json'])).stdout)
  expect(json).toContainEqual(expect.objectContaining({ recipe: 'chat', tier: 'restore', rate: 0.5, runs: 2 }))
  const none = await workshop.run(['runs', '--flaky', 'nobody'])
  expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no whole run of "nobody"') })
})

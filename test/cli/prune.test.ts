import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type PruneOutcome, pruneOutcome } from '../../src/history/retention/outcome.ts'
import { writePins } from '../../src/history/retention/pins.ts'
import { DAY_MS, generateRun, idAt } from '../history/retention/generated.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'

const daysAgo = (days: number) => idAt(Date.now() - days * DAY_MS)

async function gc(workshop: Workshop, ...args: string[]): Promise<PruneOutcome> {
  const done = await workshop.run(['gc', '--runs', '--json', ...args])
  expect(done.exitCode, done.stdout + done.stderr).toBe(0)
  return pruneOutcome.parse(JSON.parse(done.stdout))
}

it('gc --runs prunes by age and size, says what and why, and everything that shows the run says it too', async () => {
  await using workshop = openWorkshop()
  const { state } = workshop
  const [pinned, old, middle, young] = [daysAgo(120), daysAgo(100), daysAgo(20), daysAgo(1)]
  const [, dir] = [pinned, old, middle, young].map((id) => generateRun(state, { id }).dir) as [string, string]
  await writePins(state, 'canonicals', [{ run: pinned, reason: 'last green release of web' }])

  const would = await workshop.run(['gc', '--runs', '--dry-run'])
  expect(would.stdout).toMatch(/^would free \d+ KiB of 1 run: older than 90 d, or more than 10 GiB together$/m)
  expect(would.stdout).toMatch(new RegExp(`^  ${old}  age .* logs, pictures, report, traces, checkouts$`, 'm'))
  expect(would.stdout).toMatch(new RegExp(`^  ${pinned}  pinned .* canonicals: last green release of web$`, 'm'))
  expect(existsSync(join(dir, 'report.html'))).toBe(true)

  expect(await gc(workshop)).toMatchObject({
    ...{ dryRun: false, pruned: [{ run: old, why: 'age' }], within: 2, bare: 0 },
    kept: [{ run: pinned, reason: 'pinned' }],
  })
  expect(await gc(workshop)).toMatchObject({ pruned: [], bare: 1 })
  expect((await gc(workshop, '--older-than', '10d', '--max-bytes', 'none')).pruned).toMatchObject([{ run: middle }])
  expect((await gc(workshop, '--older-than', 'none', '--max-bytes', '1K')).pruned).toMatchObject([
    { run: young, why: 'size' },
  ])

  const today = new Date().toISOString().slice(0, 10)
  const shown = await workshop.run(['runs', old])
  expect(shown.stdout).toContain(`pruned on ${today}: logs, pictures, report, traces, checkouts`)
  expect(shown.stdout).toContain('PASS')
  expect(shown.stdout).not.toContain('report.html')
  const report = await workshop.run(['runs', old, '--report'])
  expect([report.exitCode, report.stdout, report.stderr]).toEqual([
    ...[2, '', expect.stringContaining(`the report of this run was pruned on ${today} to save disk`)],
  ])
  expect(report.stderr).toContain(`\`cc-ci runs ${old}\` shows them`)
  expect((await workshop.run(['runs', pinned, '--report'])).exitCode).toBe(0)
  const list = await workshop.run(['runs'])
  expect(list.stdout).toMatch(new RegExp(`^${old} .* level 6  \\(pruned\\)$`, 'm'))
  expect(list.stdout).toMatch(new RegExp(`^${pinned} .* level 6$`, 'm'))
  const rows: { id: string; pruned: string[] }[] = JSON.parse((await workshop.run(['runs', '--json'])).stdout)
  expect(rows.find(({ id }) => id === pinned)?.pruned).toEqual([])
  expect(rows.find(({ id }) => id === old)?.pruned).toContain('logs')
  expect(readFileSync(join(dir, 'results.json'), 'utf8')).toContain(old)
})

it('gc refuses what says nothing, and prunes nothing where pins cannot be read', async () => {
  await using workshop = openWorkshop()
  const { dir } = generateRun(workshop.state, { id: daysAgo(100), files: { 'report.html': 'x' } })
  const refused = async (...args: string[]) => {
    const { exitCode, stderr } = await workshop.run(['gc', ...args])
    expect(exitCode, stderr).toBe(2)
    return stderr
  }
  expect(await refused('--dry-run', '--older-than', '1d')).toContain('--older-than, --dry-run without --runs')
  expect(await refused('--runs', 'abcdef')).toContain('not by name: abcdef')
  expect(await refused('--runs', '--older-than', 'soon')).toContain('"soon" is not a duration')
  expect(await refused('--runs', '--max-bytes', '5')).toContain('"5" is not a size')
  await writePins(workshop.state, 'sweeps', [])
  writeFileSync(join(workshop.state, 'pins', 'sweeps.json'), '{')
  expect(await refused('--runs')).toContain('what must not be pruned cannot be read, so nothing is')
  expect(existsSync(join(dir, 'report.html'))).toBe(true)
})

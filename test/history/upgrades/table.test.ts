import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readPins } from '../../../src/history/retention/pins.ts'
import { pinNewest, readTables, upgradeFolder, writeTable } from '../../../src/history/upgrades/store.ts'
import {
  rowNotBegun,
  rowWithoutRun,
  tableShape,
  type UpgradeRow,
  type UpgradeTable,
  upgradeRow,
  upgradeVerdictOf,
} from '../../../src/history/upgrades/table.ts'
import { upgradeTableHtml } from '../../../src/report/upgrades/html.ts'
import { upgradeTableMarkdown } from '../../../src/report/upgrades/markdown.ts'
import { upgradeTableText } from '../../../src/report/upgrades/text.ts'
import { cause } from '../../../src/verdict/causes.ts'
import { fold } from '../../../src/verdict/fold.ts'
import { TIER_IDS } from '../../../src/verdict/tiers.ts'
import { failedRun } from '../../report/sample-runs.ts'
import { HEADER, passingStream } from '../../verdict/passing-stream.ts'

const BASE = { version: '1.0.0+1', commit: '9'.repeat(40), via: [] }
const green = upgradeRow(BASE, fold(passingStream({}, { selected: TIER_IDS })))
const red = upgradeRow({ ...BASE, version: '0.9.0+1' }, fold(failedRun()))
const leg = { base: '1.0.0', named: true }
const unread = rowWithoutRun({
  ...{ kind: 'unverified', leg, base: BASE, plan: null },
  cause: cause('compose-invalid', 'the base version 1.0.0+1 cannot be read: bad'),
})

function table(rows: readonly UpgradeRow[], more: Partial<UpgradeTable> = {}): UpgradeTable {
  return tableShape.parse({
    ...{ schema: 1, id: '20261129-120000-abc234', tool: HEADER.tool, recipe: HEADER.recipe, asked: 'all-minors' },
    ...{ startedAt: '2026-11-29T12:00:00.000Z', finishedAt: null, reason: null, considered: ['1.0.0+1: the newest'] },
    ...{ verdict: upgradeVerdictOf(rows), rows },
    ...more,
  })
}

describe('a row', () => {
  it('says what a green run found out about the upgrade', () => {
    expect(green).toMatchObject({
      ...{
        base: BASE,
        run: HEADER.run.id,
        verdict: 'pass',
        cause: null,
        tier: null,
        upgrade: 'pass',
        rollback: 'pass',
      },
      data: { watched: 2, kept: 1, changed: 1, lost: 0, excluded: 0 },
    })
    expect(green.upgradeMs).toBeGreaterThan(0)
    expect(green.durationMs).toBeGreaterThan(green.upgradeMs ?? 0)
  })

  it('says what decided a red one, and where', () => {
    expect(red).toMatchObject({ verdict: 'fail', upgrade: 'fail', tier: 'upgrade', cause: { code: 'crash-loop' } })
  })

  it('has no run where nothing was deployed', () => {
    expect(unread).toMatchObject({
      run: null,
      verdict: 'unverified',
      upgrade: null,
      cause: { code: 'compose-invalid' },
    })
    expect(rowNotBegun(BASE)).toMatchObject({ run: null, verdict: 'unverified', cause: { code: 'interrupted' } })
  })
})

describe('a table', () => {
  it.each<[UpgradeTable['verdict'], UpgradeRow['verdict'][]]>([
    ['pass', ['pass', 'pass']],
    ['pass', ['pass', 'skip']],
    ['fail', ['pass', 'unverified', 'fail']],
    ['unverified', ['pass', 'unverified']],
    // Nothing to upgrade from is not green.
    ['unverified', ['skip']],
    ['unverified', []],
  ])('is %s with %j', (verdict, rows) => expect(upgradeVerdictOf(rows.map((one) => ({ verdict: one })))).toBe(verdict))

  it('is told to a person', () => {
    const text = upgradeTableText(table([green, red, unread]))
    expect(text).toMatch(/^✗ FAIL {2}1 of 3 upgrades pass\n/)
    expect(text).toMatch(
      / {2}✓ 1\.0\.0\+1 +pass +pass +2 watched: 1 kept, 1 changed +\S+ s of .* 20261123-191254-k3f9qa\n/,
    )
    expect(text).toContain('compose-invalid (blame: recipe): the base version 1.0.0+1 cannot be read: bad')
    const none = upgradeTableText(table([], { reason: 'no released version to upgrade from' }))
    expect(none).toMatch(/^\? UNVERIFIED {2}no released version to upgrade from\n/)
  })

  it('leaves what a recipe says as text', () => {
    const nasty = '<img src=x onerror=alert(1)> | [link](javascript:1) @somebody'
    const rows = [upgradeRow({ version: nasty, commit: nasty, via: [nasty] }, fold(failedRun(nasty)))]
    const html = upgradeTableHtml(table(rows), { runs: '../../runs' })
    expect(html).not.toContain('<img')
    expect(html).toContain(`href="../../runs/${HEADER.run.id}/report.html"`)
    const markdown = upgradeTableMarkdown(table(rows), { runs: '../../runs' })
    expect(markdown).not.toMatch(/<img|\]\(javascript|@somebody/)
    for (const line of markdown.split('\n').filter((one) => one.startsWith('| ')))
      expect(line.split('|')).toHaveLength(
        markdown
          .split('\n')
          .find((one) => one.startsWith('| ---'))
          ?.split('|').length ?? 0,
      )
  })

  it('keeps the runs whole that the newest of each recipe leads to', async () => {
    const state = mkdtempSync(join(tmpdir(), 'cc-ci-upgrades-'))
    onTestFinished(() => rmSync(state, { recursive: true, force: true }))
    const older = { ...green, run: '20261120-100000-aaaaaa' }
    writeTable(upgradeFolder(state, '20261128-120000-abc234'), table([older], { id: '20261128-120000-abc234' }))
    writeTable(upgradeFolder(state, '20261129-120000-abc234'), table([green, unread]))
    writeTable(upgradeFolder(state, '20261130-120000-abc234'), table([]))
    writeFileSync(upgradeFolder(state, '20261130-120000-abc234').json, '{ "torn')
    expect(readTables(state).map(({ id }) => id)).toEqual(['20261129-120000-abc234', '20261128-120000-abc234'])
    await pinNewest(state)
    expect([...readPins(state).keys()]).toEqual([HEADER.run.id])
    expect(readFileSync(join(state, 'pins', 'upgrades.json'), 'utf8')).toContain('from 1.0.0+1')
  })
})

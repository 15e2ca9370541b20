import { expect, test } from 'vitest'
import { CELL_IDS, type CellId, type Draw, type Factor } from '../../../src/history/attribution/contract.ts'
import { decideAttribution } from '../../../src/history/attribution/decide.ts'
import type { AttributionRecord } from '../../../src/history/attribution/record.ts'
import { attributionPage } from '../../../src/report/attribution/page.ts'
import { fail, infra, pass, studyOf } from '../../history/attribution/studies.ts'
import { HOSTILE } from '../sample-runs.ts'

const commit = (letter: string) => letter.repeat(40)
const runId = (cell: CellId, at: number) => `20261123-19125${at}-${cell.toLowerCase().padEnd(6, 'a')}`

type Cells = Readonly<Partial<Record<CellId, readonly Draw[]>>>

/** The record of an attribution that has ended with these draws of its install tier. */
function ended(
  cells: Cells,
  { moved = ['tool', 'ref'], name = 'app' }: { moved?: readonly Factor[]; name?: string } = {},
) {
  const study = studyOf(cells, { moved })
  const runs = CELL_IDS.flatMap((cell) =>
    (cells[cell] ?? []).map((draw, at) => ({
      ...{
        cell,
        run: runId(cell, at),
        state: '/state',
        tool: commit('1'),
        ref: commit('2'),
        exitCode: 0,
        trouble: null,
      },
      ...{ startedAt: '2026-11-23T19:12:54.000Z', finishedAt: '2026-11-23T19:13:54.000Z', conditions: {} },
      tiers: { install: [draw] },
    })),
  )
  return {
    ...{
      schema: 1,
      id: '20261123-191254-k3f9qa',
      startedAt: '2026-11-23T19:12:54.000Z',
      status: 'ended',
      why: 'decided',
    },
    recipe: { name, dir: '/recipes/app', origin: '/recipes/app', old: commit('a'), new: commit('b') },
    tool: { repository: '/cc-ci', old: commit('c'), new: commit('d') },
    ...{ moved, flags: [], bounds: { runs: 24, deadlineMs: 1 }, lines: null, spentMs: 720_000, recorded: null },
    ...{ current: null, runs, decision: decideAttribution(study), bisection: null },
  } as AttributionRecord
}

const three = (draw: Draw) => [draw, draw, draw]
const RECIPE = { OO: three(pass()), NO: three(pass()), ON: three(fail('crash-loop')), NN: three(fail('crash-loop')) }

test('has the answer first, then the four cells with their runs, each with a link to its report', () => {
  const page = attributionPage(ended(RECIPE), ({ run }) => `../../runs/${run}/report.html`)
  expect(page).toContain('<div class="verdict s-fail"><strong>recipe</strong><span>install</span>')
  expect(page.match(/<td class="s-pass"/g)).toHaveLength(2)
  expect(
    page.match(/<td class="s-fail"[^>]*><strong>fail ×3<\/strong><code>crash-loop<\/code> recipe, app/g),
  ).toHaveLength(2)
  for (const cell of CELL_IDS) expect(page).toContain(`href="../../runs/${runId(cell, 2)}/report.html"`)
})

test('has one line of cells where only the recipe has moved, and no link to what is not kept', () => {
  const page = attributionPage(
    ended({ OO: three(pass()), NN: three(fail('oom-killed')) }, { moved: ['ref'] }),
    () => null,
  )
  expect(page.match(/<td class="s-/g)).toHaveLength(2)
  expect(page).toContain(`<span title="${runId('NN', 0)}">1</span>`)
  expect(page).not.toContain('<a ')
})

test('colours nothing that was not judged, and says why', () => {
  const page = attributionPage(ended({ ...RECIPE, NN: three(infra()) }), () => null)
  expect(page).toMatch(/<td class="none" title="new tool, new ref"><strong>[^<]*(?:engine-lost|not judged)/)
  expect(page).toContain('could not be judged')
})

/** Every tag without what stands in quotes. */
const tagsOf = (page: string) => page.replace(/"[^"]*"/g, '""').match(/<[^>]*>/g)

test.each(HOSTILE)('shows %j as text', (say) => {
  const page = (text: string) => attributionPage(ended(RECIPE, { name: text }), () => text)
  expect(tagsOf(page(say))).toEqual(tagsOf(page('plain')))
})

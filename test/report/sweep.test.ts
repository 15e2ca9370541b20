import { describe, expect, it } from 'vitest'
import { sweepMarkdown } from '../../src/report/sweep/markdown.ts'
import { sweepReportPage } from '../../src/report/sweep/page.ts'
import { sweepText } from '../../src/report/sweep/text.ts'
import { crash } from '../history/some-runs.ts'
import { candidate, commit, matrix, plan, run } from '../history/sweep/some-sweeps.ts'

const HOSTILE = '<script>alert(1)</script>`|@all\u001b[31m'

/** Two sweeps: a head goes red, one is opened with a name that somebody thought out, and a recipe is excluded. */
function made() {
  const release = run('gitea', '1', { id: '20261120-000000-rrrrrr' })
  const green = run('gitea', '2', { id: '20261123-020100-aaaaab' })
  const red = run('gitea', '3', { id: '20261130-020100-aaaaac', fails: { upgrade: crash } })
  const first = matrix(plan([candidate('gitea')], { id: '20261123-020000-aaaaaa' }), {
    'gitea@release': release,
    'gitea@main': green,
  })
  const heads = [
    { name: 'main', commit: commit('3') },
    { name: HOSTILE, commit: commit('4') },
  ]
  const exclude = [{ recipe: 'ghost', reason: HOSTILE, expires: '2026-12-31' }]
  const now = plan([candidate('gitea', { heads }), candidate('ghost', { heads: [] })], { exclude })
  const refused = { code: 'engine-gone', blame: 'infra', message: HOSTILE }
  return matrix(now, { 'gitea@release': release, 'gitea@main': red, [`gitea@${HOSTILE}`]: refused }, first, [green])
}

describe('the views of a sweep', () => {
  it('a terminal shows every cell, why, what changed, whose it is, and how the cells add up', () => {
    const text = sweepText(made(), { width: 160 })
    expect(text).toContain(
      'red: at least one recipe fails  2 recipes, 4 cells: 1 pass, 1 fail, 1 unverified, 1 not run',
    )
    expect(text).toMatch(/main +✗ fail \d .*upgrade crash-loop \(app\) +regression in upgrade \(recipe\)/)
    expect(text).toMatch(/ghost +1\.0\.0\+1\.0 +– excluded +excluded: .*\(until 2026-12-31\)/)
    expect(text).toContain('gitea main: regression in upgrade (recipe), because nothing else has moved')
    expect(text).toContain('evidence: before 20261123-020100-aaaaab, now 20261130-020100-aaaaac')
    expect(text).toContain('4 cells = 2 before + 2 appeared - 0 disappeared')
    expect(text).not.toContain('\u001b')
  })

  it('Markdown and HTML say the same, with the words of strangers as text', () => {
    const [markdown, html] = [sweepMarkdown(made()), sweepReportPage(made())]
    for (const view of [markdown, html]) {
      expect(view).toContain('regression in upgrade')
      expect(view).not.toContain('<script')
      expect(view).not.toContain('\u001b')
    }
    expect(html).toContain('href="../../runs/20261130-020100-aaaaac/report.html"')
    expect(html).toContain('href="../../runs/20261123-020100-aaaaab/report.html"')
    expect(markdown).not.toContain('|@all')
  })

  it('are the same bytes for the same matrix', () => {
    expect([sweepReportPage(made()), sweepMarkdown(made()), sweepText(made())]).toEqual([
      sweepReportPage(made()),
      sweepMarkdown(made()),
      sweepText(made()),
    ])
  })
})

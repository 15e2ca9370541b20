import { describe, expect, it } from 'vitest'
import { comparable } from '../../../src/history/compare/comparable.ts'
import { type Comparison, compareRuns } from '../../../src/history/compare/comparison.ts'
import { summaryOf } from '../../../src/history/run-summary.ts'
import { againstBaseMarkdown } from '../../../src/report/comparison/against-base.ts'
import { cause } from '../../../src/verdict/causes.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { AFTER, crash, type Made, results } from '../../history/some-runs.ts'
import { HEADER } from '../../verdict/passing-stream.ts'
import { HOSTILE } from '../sample-runs.ts'

const CHANGED = { recipe: { ...HEADER.recipe, commit: 'b'.repeat(40) } }

function compared(before: Results, after: Results, warnings: readonly string[] = []): Comparison {
  const found = comparable(summaryOf(before), summaryOf(after))
  if (found.kind === 'refused') throw new Error(found.reasons.map(({ message }) => message).join())
  const logs = new Map(warnings.map((line) => [line, { service: 'app', line, times: 1 }]))
  return compareRuns({ results: before, logs: new Map() }, { results: after, logs }, found)
}

const changed = (more: Made = {}) => results({ id: AFTER, header: CHANGED, ...more })
const parts = (comparison: Comparison, branch = 'main') =>
  againstBaseMarkdown({
    ...{ branch, comparison, base: { is: 'fork', commit: 'a'.repeat(40) } },
    beforeUrl: 'https://ci.example.org/runs/20261120-101500-aaaaaa',
  })
const text = (comparison: Comparison, branch = 'main') => {
  const { shown, folded } = parts(comparison, branch)
  return folded === '' ? shown : `${shown}\n\n${folded}`
}

describe('what a change changes, in a comment', () => {
  it('is one line where nothing did', () => {
    const said = text(compared(results(), changed()))
    expect(said).toBe(
      '**What this change changes:** nothing against main at `aaaaaaaaaaaa` ([run](<https://ci.example.org/runs/20261120-101500-aaaaaa>)): level 6, every tier ends as there.',
    )
  })

  it('names tiers with a word, and what else is another', () => {
    const contract = {
      variables: ['DOMAIN'],
      mustBeSet: [],
      secrets: [],
      services: [],
      volumes: [],
      ports: [],
      routes: [],
    }
    const asks = { ...contract, variables: ['DOMAIN', 'SMTP_HOST'], mustBeSet: ['SMTP_HOST'], secrets: ['db_password'] }
    const before = { ...results(), contract }
    const said = text(
      compared(before, { ...changed({ fails: { upgrade: crash } }), contract: asks }, ['ERROR one', 'ERROR two']),
    )
    expect(said).toContain('✗ worse, level 6 → 1')
    expect(said).toContain('| upgrade | **regression** | pass | fail crash-loop &#40;app&#41; |')
    expect(said).toContain(
      '- asked of the operator: new variable SMTP&#95;HOST; SMTP&#95;HOST must be set; new secret db&#95;password',
    )
    expect(said).toContain('- new kinds of warnings in the logs: app&#58; 2')
  })

  it('shows what a reviewer decides by, and folds the rest', () => {
    const { shown, folded } = parts(compared(results(), changed({ fails: { upgrade: crash } }), ['ERROR one']))
    expect(shown).toContain('| upgrade | **regression** |')
    expect(shown).not.toContain('warnings')
    expect(folded).toMatch(/^\*\*Against the base\*\*\n\n(- .*\n)*- new kinds of warnings in the logs: app&#58; 1/)
  })

  it('has no row for a tier that another one blocks', () => {
    const blocked = cause('blocked', 'needs upgrade, which ended with crash-loop')
    const { shown } = parts(
      compared(results(), changed({ fails: { upgrade: crash, backup: blocked, restore: blocked } })),
    )
    expect(shown).toContain('| upgrade |')
    expect(shown).not.toMatch(/\| (backup|restore) \|/)
  })

  it('is short whatever the recipe is like, and says how much is left out', () => {
    const many = Array.from({ length: 500 }, (_, index) => `VARIABLE_${index}_${'x'.repeat(500)}`)
    const none = { variables: [], mustBeSet: [], secrets: [], services: [], volumes: [], ports: [], routes: [] }
    const said = text(
      compared(
        { ...results(), contract: none },
        { ...changed(), contract: { ...none, variables: many, secrets: many } },
      ),
    )
    expect(said).toContain('; and 992 more')
    expect(said.length).toBeLessThan(6_000)
  })

  it.each(HOSTILE)('is text whatever names are: %s', (say) => {
    const contract = {
      variables: [],
      mustBeSet: [],
      secrets: [say],
      services: [],
      volumes: [say],
      ports: [],
      routes: [],
    }
    const none = { ...contract, secrets: [], volumes: [] }
    const why = { ...crash, service: say }
    const said = text(
      compared({ ...results(), contract: none }, { ...changed({ fails: { upgrade: why } }), contract }, [say]),
      say,
    )
    // Its own markup apart, nothing of a recipe opens a tag, a link, a code span, a cell or a mention.
    const own = said.replaceAll(/\(\[run\]\(<[^>]*>\)\)|`a{12}`|\*\*[\w ]+\*\*/g, '')
    expect(own).not.toMatch(/[<>[\]`*@]|www\./)
    for (const row of own.split('\n').filter((line) => line.startsWith('|'))) expect(row.match(/\|/g)).toHaveLength(5)
    expect(own.split('\n').filter((line) => /^(#|\d+\.)/.test(line))).toEqual([])
  })
})

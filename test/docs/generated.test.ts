import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generateDocs, PAGES } from '../../scripts/docs/generate-docs.ts'
import { CAUSES } from '../../src/verdict/causes.ts'
import { EVIDENCE } from '../../src/verdict/evidence.ts'
import { TIER_IDS, TIERS } from '../../src/verdict/tiers.ts'

describe('generated reference', () => {
  it('is what the tables say', async () => {
    expect(await generateDocs(join(import.meta.dirname, '../..'), true)).toEqual([])
  })

  it('names the files that drifted, writes them, and is then quiet', async () => {
    const root = mkdtempSync(join(tmpdir(), 'cc-ci-docs-'))
    const all = PAGES.map(({ file }) => file)
    expect(await generateDocs(root, true)).toEqual(all)
    expect(await generateDocs(root, false)).toEqual(all)
    writeFileSync(join(root, 'docs/reference/causes.md'), 'changed by hand')
    expect(await generateDocs(root, true)).toEqual(['docs/reference/causes.md'])
    rmSync(root, { recursive: true })
  })

  it('has a section for every cause, tier and kind of evidence', () => {
    const read = (file: string) => readFileSync(join(import.meta.dirname, '../../docs/reference', file), 'utf8')
    for (const code of Object.keys(CAUSES)) expect(read('causes.md')).toContain(`\n## ${code}\n`)
    for (const id of TIER_IDS) expect(read('tiers.md')).toContain(`\n| ${id} |`)
    for (const kind of Object.keys(EVIDENCE)) expect(read('tiers.md')).toContain(`\n### ${kind}\n`)
  })

  it('says of each tier what the guide says too', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../docs/guide/test-your-recipe.md'), 'utf8')
    const rows = guide.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
    for (const id of TIER_IDS) expect(rows).toContainEqual(['', id, TIERS[id].does, TIERS[id].judges, ''])
  })
})

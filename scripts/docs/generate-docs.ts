import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { canariesOf } from '../../src/canaries/coverage.ts'
import { CANARIES } from '../../src/canaries/set/index.ts'
import { attributionSchema } from '../../src/history/attribution/record.ts'
import { matrixSchema } from '../../src/history/sweep/record.ts'
import { apiDescription } from '../../src/server/http/api/api.ts'
import { CAUSES, type CauseCode } from '../../src/verdict/causes.ts'
import { EVIDENCE, type EvidenceKind } from '../../src/verdict/evidence.ts'
import { resultsSchema } from '../../src/verdict/results.ts'
import { ATTACHABLE, DECLARABLE, QUICK_TIERS, RUNGS, TIER_IDS, TIERS, tiersWith } from '../../src/verdict/tiers.ts'
import { decisionsPage } from './pages/decisions-index.ts'
import { cell, markdownPage } from './pages/markdown-page.ts'
import {
  attributionPage,
  commandsPage,
  dependenciesPage,
  deployersPage,
  environmentPage,
  eventsPage,
  findingsPage,
  lintPage,
  pagesPage,
  serverSettingsPage,
} from './pages/reference-pages.ts'
import { settingsJsonSchema, settingsPage } from './pages/settings-reference.ts'
import { firstTest, recipeConfigTypes, settingsExamples } from './pages/settings-types.ts'

/** Every generated page and what makes it. A new page is a new row. */
export const PAGES: readonly { readonly file: string; readonly render: () => string | Promise<string> }[] = [
  { file: 'docs/reference/results.schema.json', render: () => `${JSON.stringify(resultsSchema(), null, 2)}\n` },
  { file: 'docs/reference/causes.md', render: causesPage },
  { file: 'docs/reference/findings.md', render: findingsPage },
  { file: 'docs/reference/tiers.md', render: tiersPage },
  { file: 'docs/reference/lint.md', render: lintPage },
  { file: 'docs/reference/pages.md', render: pagesPage },
  { file: 'docs/reference/dependencies.md', render: dependenciesPage },
  { file: 'docs/reference/settings.md', render: settingsPage },
  { file: 'docs/reference/cc-ci.schema.json', render: settingsJsonSchema },
  { file: 'src/public/recipe-config.ts', render: recipeConfigTypes },
  { file: 'test/types/settings-examples.ts', render: settingsExamples },
  { file: 'test/types/first-page-test.ts', render: () => firstTest('app') },
  { file: 'test/types/first-service-test.ts', render: () => firstTest(null) },
  { file: 'docs/reference/server-settings.md', render: serverSettingsPage },
  { file: 'docs/decisions/README.md', render: decisionsPage },
  { file: 'docs/reference/deployers.md', render: deployersPage },
  { file: 'docs/reference/environment.md', render: environmentPage },
  { file: 'docs/reference/commands.md', render: commandsPage },
  { file: 'docs/reference/events.md', render: eventsPage },
  { file: 'docs/reference/attribution.md', render: attributionPage },
  {
    file: 'docs/reference/attribution.schema.json',
    render: () => `${JSON.stringify(attributionSchema(), null, 2)}\n`,
  },
  { file: 'docs/reference/matrix.schema.json', render: () => `${JSON.stringify(matrixSchema(), null, 2)}\n` },
  { file: 'docs/reference/openapi.json', render: () => `${JSON.stringify(apiDescription(), null, 2)}\n` },
]

/** Writes the pages; with `check` writes nothing. Returns the files that differ from what is there. */
export async function generateDocs(root: string, check: boolean): Promise<string[]> {
  const drifted: string[] = []
  for (const { file, render } of PAGES) {
    const path = join(root, file)
    const text = await render()
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
    drifted.push(file)
    if (check) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return drifted
}

function causesPage(): string {
  const codes = Object.entries(CAUSES).sort(([a], [b]) => (a < b ? -1 : 1))
  const list = codes.map(([code, { blame, retry, what }]) => {
    return `| [${code}](#${code}) | ${blame} | ${retry.deterministic ? 'no' : 'once'} | ${cell(what)} |`
  })
  const sections = codes.map(([code, { blame, retry, what, why, todo }]) => {
    const repeated = `${retry.deterministic ? 'no' : 'once, on a fresh stack'}. ${retry.because}`
    return `## ${code}\n\n${what}\n\n- **Blame**: ${blame}, unless the case at hand says otherwise.\n- **Why cc-ci says so**: ${why}\n- **What to do**: ${todo}\n- **Judged again**: ${repeated}\n${example(code)}`
  })
  return markdownPage('Causes', [
    'Why a tier is not `pass`. `cc-ci explain CODE` prints one of these. A tier fails only when the recipe or its upstream is to blame; the rest is `unverified`.',
    ['| code | blame | judged again | what happened |', '|---|---|---|---|', ...list].join('\n'),
    ...sections.map((section) => section.trimEnd()),
  ])
}

function example(code: string): string {
  const [canary] = canariesOf(code as CauseCode, CANARIES)
  return canary ? `- **To see one**: \`cc-ci selftest ${canary}\`\n` : ''
}

function tiersPage(): string {
  const rows = TIER_IDS.map((id) => {
    const { rung, needs, requires, does, judges } = TIERS[id]
    const kinds = requires.map((need) => (typeof need === 'string' ? link(need) : need.map(link).join(' or ')))
    return `| ${id} | ${cell(does)} | ${cell(judges)} | ${rung === null ? 'none' : `${rung} ${RUNGS[rung]}`} | ${needs.join(', ') || 'nothing'} | ${kinds.join(', ')} |`
  })
  const evidence = Object.keys(EVIDENCE).map((kind) => {
    return `### ${kind}\n\n\`\`\`json\n${JSON.stringify(shapeOf(kind as EvidenceKind), null, 2)}\n\`\`\``
  })
  return markdownPage('Tiers and their evidence', [
    'In the order in which they run. A tier without any one of the required pieces of evidence, or with a damaged one, is `unverified`.',
    `\`--quick\` judges ${list(QUICK_TIERS)}; \`--attach\` can judge ${list(ATTACHABLE)}; \`notApplicable\` may name ${list(DECLARABLE)}. ${list(tiersWith(({ decides }) => decides === 'enforced'))} decides its rung alone, unless the operator enforces it.`,
    [
      '| tier | what happens | what is judged | rung | needs | evidence it must record |',
      '|---|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
    '## Evidence\n\nThe JSON Schema of each kind; in `results.json` each piece also has its `kind`.',
    ...evidence,
  ])
}

function list(ids: readonly string[]): string {
  return ids.map((id) => `\`${id}\``).join(', ')
}

function shapeOf(kind: EvidenceKind): object {
  const { $schema: _, ...shape } = z.toJSONSchema(EVIDENCE[kind], { unrepresentable: 'any' })
  return shape
}

function link(kind: string): string {
  return `[${kind}](#${kind})`
}

if (import.meta.main) {
  const check = process.argv.includes('--check')
  const drifted = await generateDocs(join(import.meta.dirname, '..', '..'), check)
  for (const file of drifted) process.stdout.write(`${check ? 'out of date' : 'written'}: ${file}\n`)
  if (check && drifted.length > 0) {
    process.stdout.write('Run: npm run docs\n')
    process.exitCode = 1
  }
}

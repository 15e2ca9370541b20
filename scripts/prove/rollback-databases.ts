import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureFixtureImages } from '../../fixtures/images/index.ts'
import { recipeSteps } from '../../fixtures/recipes/build.ts'
import type { RecipeStep } from '../../src/canaries/recipe-step.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { UsageError } from '../../src/lib/errors.ts'
import { exec, wholeEnv } from '../../src/lib/process/exec.ts'
import { parseResults, type Results } from '../../src/verdict/results.ts'

/**
 * `node scripts/prove/rollback-databases.ts [CASE...]`: `cc-ci test --rollback` on real databases, of which no test has the time for all. Prints for each what was
 * expected, what came out, and the rows before the upgrade, as the version before was deployed again, and after the restore; ends with 1 where they differ.
 */
const LAUNCHER = new URL('../../bin/cc-ci', import.meta.url).pathname
const DEADLINE_MS = 1_800_000

interface Case {
  readonly why: string
  readonly recipe: 'todo' | 'pocketbase'
  /** What the tier ends with: `pass`, or the code of its cause. */
  readonly expected: string
  /** How files of the version before head, or of head, differ from the fixture's. */
  readonly before?: Edits
  readonly head?: Edits
}

/** By file: what is replaced by what, all of it, or null where the file goes. */
type Edits = Readonly<Record<string, readonly Edit[] | string | null>>

type Edit = readonly [string, string]

/** The app of head with one migration more, after which 1.0.0 finds its table no more: it answers 500 on that data. */
const RENAMES = `
source = open('/app/app.py').read()
migrations, queries = source.split('def query(', 1)
migrations = migrations.replace('ON task (due)"),', 'ON task (due)"), ("1.1.0", "ALTER TABLE task RENAME TO entry"),')
for word in ('FROM', 'INTO', 'UPDATE'):
    queries = queries.replace(word + ' task', word + ' entry')
exec(compile(migrations + 'def query(' + queries, '/app/app.py', 'exec'))
`
const ONE_WAY: Case['head'] = {
  'compose.yml': [
    [
      'image: cc-ci-fixtures/todo:1.1.0',
      `image: cc-ci-fixtures/todo:1.1.0\n    command: ${JSON.stringify(['python3', '-c', RENAMES])}`,
    ],
  ],
}

/** A row that no start of the app makes: as new it is missing. */
const SEEDED: Case['head'] = {
  'cc-ci/cc-ci.yml': null,
  'cc-ci/cc-ci.config.ts': `import { defineRecipe } from 'cc-ci'

const SECOND = ['pocketbase', 'superuser', 'upsert', 'second@example.com', 'correct-horse-battery', '--dir=/pb_data']

export default defineRecipe({
  health: { path: '/api/health', status: [200] },
  timeouts: { deploy: '3m', http: '2m' },
  screenshot: { path: '/_/' },
  hooks: { preUpgrade: async (ctx) => void (await ctx.exec('app', SECOND)) },
})
`,
}

const CASES: Readonly<Record<string, Case>> = {
  postgres: {
    why: 'PostgreSQL: head renames the table that the version before reads',
    ...{ recipe: 'todo', expected: 'pass', head: ONE_WAY },
  },
  sqlite: {
    why: 'SQLite: real migrations of PocketBase from 0.36.9 to 0.40.6',
    ...{ recipe: 'pocketbase', expected: 'pass', head: SEEDED },
  },
  'not-put-back': {
    why: 'PostgreSQL: the same, and the version before has no hook that loads its dump',
    ...{ recipe: 'todo', expected: 'rollback-data-lost', head: ONE_WAY },
    before: { 'compose.yml': [['        backupbot.restore.post-hook: "/pg_backup.sh restore"\n', '']] },
  },
  'not-in-the-dump': {
    why: 'PostgreSQL: the same, and the dump of the version before holds one table without its rows',
    ...{ recipe: 'todo', expected: 'rollback-data-lost', head: ONE_WAY },
    before: { 'pg_backup.sh': [['pg_dump "$POSTGRES_DB"', 'pg_dump --exclude-table-data=task "$POSTGRES_DB"']] },
  },
  'nothing-in-the-dump': {
    why: 'PostgreSQL: the same, and the dump holds no rows at all, so that the version before does not start on it',
    ...{ recipe: 'todo', expected: 'rollback-data-lost', head: ONE_WAY },
    before: { 'pg_backup.sh': [['pg_dump "$POSTGRES_DB"', 'pg_dump --schema-only "$POSTGRES_DB"']] },
  },
  'half-a-database': {
    why: 'SQLite: the labels of the version before cover the file of the database, and not its log',
    ...{ recipe: 'pocketbase', expected: 'rollback-data-lost', head: SEEDED },
    before: {
      'compose.yml': [
        [
          '"backupbot.backup=${ENABLE_BACKUPS:-true}"',
          '"backupbot.backup=${ENABLE_BACKUPS:-true}"\n        - "backupbot.backup.volumes.data.path=data.db"',
        ],
      ],
    },
  },
}

const { positionals } = parseArgs({ allowPositionals: true })
const chosen = positionals.length > 0 ? positionals : Object.keys(CASES)
const unknown = chosen.find((name) => !Object.hasOwn(CASES, name))
if (unknown !== undefined)
  throw new UsageError('unknown-case', `no case ${unknown}`, { hint: `There are: ${Object.keys(CASES).join(', ')}.` })
await ensureFixtureImages(['todo', 'pocketbase'])
let wrong = 0
const rows: Record<string, string>[] = []
for (const name of chosen) {
  const one = CASES[name] as Case
  const begun = performance.now()
  const { found, facts, message } = await rolledBack(one)
  if (found !== one.expected) wrong += 1
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1)
  process.stdout.write(`${found === one.expected ? 'ok  ' : 'FAIL'} ${name}: ${one.why}; came ${found}${message}\n`)
  rows.push({ case: name, expected: one.expected, found, ...facts, minutes })
}
console.table(rows)
process.exitCode = wrong > 0 ? 1 : 0

async function rolledBack(one: Case): Promise<{ found: string; facts: Record<string, string>; message: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-roll-back-'))
  try {
    const { dir: recipe } = await buildRepository(recipeSteps(one.recipe).map(editing(one)), join(dir, one.recipe))
    const file = join(dir, 'results.json')
    const args = ['test', recipe, '--only', 'rollback', '--approve-code', '--state', join(dir, 'state'), '--json', file]
    const { stdout, stderr } = await exec(LAUNCHER, args, { timeoutMs: DEADLINE_MS, env: wholeEnv() })
    if (!existsSync(file)) return { found: 'no results', facts: {}, message: `: ${stdout}${stderr}` }
    return judged(parseResults(JSON.parse(readFileSync(file, 'utf8')), file))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The edits of a step come after its files are written. */
function editing({ before = {}, head = {} }: Case): (step: RecipeStep, index: number, all: unknown[]) => RecipeStep {
  return (step, index, { length }) => ({
    ...step,
    async write(dir) {
      await step.write(dir)
      const edits = index === length - 1 ? head : index === length - 2 ? before : {}
      for (const [name, changes] of Object.entries(edits)) edit(join(dir, name), changes)
    },
  })
}

function edit(file: string, changes: readonly Edit[] | string | null): void {
  if (changes === null) rmSync(file)
  else if (typeof changes === 'string') writeFileSync(file, changes)
  else writeFileSync(file, changes.reduce(replaced, readFileSync(file, 'utf8')))
}

/** What is replaced has to be there. */
function replaced(text: string, [from, to]: Edit): string {
  if (text.includes(from)) return text.replace(from, () => to)
  throw new UsageError('fixture-moved', `no file of the fixture has ${JSON.stringify(from)} where this case edits it`, {
    hint: 'Write the edit of this case again.',
  })
}

function judged({ tiers }: Results) {
  const tier = tiers.find(({ id }) => id === 'rollback')
  const upgrade = tiers.find(({ id }) => id === 'upgrade')
  const why = tier?.cause ?? upgrade?.cause
  const found = tier?.status === 'pass' ? 'pass' : (why?.code ?? tier?.status ?? 'no such tier')
  const databases = (tier?.evidence ?? []).flatMap((piece) =>
    piece.kind === 'witness' && 'witnesses' in piece
      ? piece.witnesses.filter(({ kind }) => ['postgres', 'sqlite'].includes(kind))
      : [],
  )
  const column = (key: 'before' | 'destroyed' | 'after') => databases.map((one) => rowsIn(one[key])).join('; ')
  const facts = {
    upgrade: upgrade?.status ?? '',
    before: column('before'),
    'as new': column('destroyed'),
    after: column('after'),
  }
  return { found, facts, message: why ? `: ${why.message}` : '' }
}

function rowsIn(text = ''): string {
  return /\d+ rows?/.exec(text)?.[0] ?? text
}

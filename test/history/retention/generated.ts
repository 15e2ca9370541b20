import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ownIdentity } from '../../../src/lib/process/process-identity.ts'
import { type RunFolder, type RunRecord, runFolder, writeRecord } from '../../../src/lifecycle/run-folder.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { passedResults } from '../../report/sample-runs.ts'

export const DAY_MS = 86_400_000
export const NOW = Date.parse('2026-11-29T12:00:00Z')

const PASSED = passedResults()
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'

/** What a run leaves that may be pruned, by its path below the run folder. */
export const PRUNABLE = {
  'logs/app.1.log': 'log\n'.repeat(50),
  'logs/attempt-1/app.1.log': 'log\n'.repeat(20),
  'artifacts/install.png': 'png'.repeat(300),
  'artifacts/a-test/failed.png': 'png'.repeat(100),
  'artifacts/a-test/trace.zip': 'zip'.repeat(400),
  'artifacts/junit.xml': '<testsuites/>',
  'report.html': '<html>'.repeat(400),
  'checkout/compose.yml': 'services: {}\n',
  'checkout/.git/HEAD': 'ref: refs/heads/main\n',
  'checkout-base/compose.yml': 'services: {}\n',
} as const satisfies Record<string, string>

const ARTIFACT_KINDS = { log: 'log', png: 'screenshot', zip: 'trace', xml: 'junit', html: 'report' } as const

/** An id of a run that was ordered at this time; the same numbers give the same id. */
export function idAt(at: number, number = 0): string {
  const stamp = new Date(at).toISOString().replace(/[-:]/g, '').slice(0, 15).replace('T', '-')
  const letters = Array.from({ length: 6 }, (_, place) => LETTERS[Math.floor(number / 31 ** (5 - place)) % 31])
  return `${stamp}-${letters.join('')}`
}

export interface GeneratedRun {
  readonly id: string
  readonly recipe?: string
  readonly record?: Partial<RunRecord>
  /** Below the run folder. Default: PRUNABLE. */
  readonly files?: Readonly<Record<string, string>>
  /** A folder outside, to which links in the checkout lead. */
  readonly outside?: string
}

/** Writes the folder of a run that has ended and passed. */
export function generateRun(
  state: string,
  { id, recipe = 'web', record, files = PRUNABLE, outside }: GeneratedRun,
): RunFolder {
  const folder = runFolder(state, id)
  mkdirSync(folder.dir, { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder.dir, dirname(path)), { recursive: true })
    writeFileSync(join(folder.dir, path), text)
  }
  if (outside !== undefined) {
    symlinkSync(outside, join(folder.checkout, 'a-folder'))
    symlinkSync(join(outside, 'precious.txt'), join(folder.checkout, 'a-file'))
  }
  writeFileSync(folder.events, '{}\n')
  writeFileSync(folder.results, JSON.stringify(resultsOf(id, recipe, Object.keys(files))))
  const app = { recipe, commit: 'a'.repeat(40), stack: `${recipe}_ci_test`, domain: `${recipe}.ci.test` }
  const process = { ...ownIdentity(), bootId: 'another-boot' }
  const startedAt = new Date(NOW).toISOString()
  writeRecord(folder, { schema: 1, id, startedAt, app, process, status: 'ended', ...record })
  return folder
}

function resultsOf(id: string, recipe: string, paths: readonly string[]): Results {
  const artifacts = paths
    .filter((path) => /^(logs|artifacts|report\.html)/.test(path))
    .map((path) => ({ kind: ARTIFACT_KINDS[path.split('.').at(-1) as keyof typeof ARTIFACT_KINDS], path, sha256: '0' }))
  return { ...PASSED, run: { ...PASSED.run, id }, recipe: { ...PASSED.recipe, name: recipe }, artifacts }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError } from '../../src/lib/errors.ts'
import { onBench } from './attributions/bench.ts'
import { CASES } from './attributions/cases.ts'

/**
 * `node scripts/prove/attributions.ts [--state DIR] [CASE...]`: attributions of real runs on the engine of this machine that no test has the time for; prints a table of what
 * was expected and what came out, and ends with 1 where they differ. Cases in which cc-ci moves make builds of its last commit, some deliberately broken, each
 * with its packages (some 500 MB for all, kept where --state names a folder); the others are judged by this build as it lies here. An image and the recipes are its own.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { state: { type: 'string' } } })
const chosen = positionals.length > 0 ? positionals : Object.keys(CASES)
const unknown = chosen.find((name) => !Object.hasOwn(CASES, name))
if (unknown !== undefined)
  throw new UsageError('unknown-case', `no case ${unknown}`, { hint: `There are: ${Object.keys(CASES).join(', ')}.` })
const work = mkdtempSync(join(tmpdir(), 'cc-ci-attribute-'))
const rows: Record<string, string | number>[] = []
let wrong = 0
try {
  for (const name of chosen) {
    const one = CASES[name]
    if (!one) continue
    const begun = performance.now()
    const { found, runs } = await onBench({ work, state: values.state ?? join(work, 'state') }, one.run)
    const minutes = ((performance.now() - begun) / 60_000).toFixed(1)
    if (found !== one.expected) wrong += 1
    process.stdout.write(`${found === one.expected ? 'ok  ' : 'FAIL'} ${name}: ${one.why}; came ${found}\n`)
    rows.push({ case: name, expected: one.expected, found, runs, minutes })
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.table(rows)
process.exitCode = wrong > 0 ? 1 : 0

import { availableParallelism } from 'node:os'
import { describeExit, exec } from '../../src/lib/process/exec.ts'

/** What the type checker remembers between two runs: it looks again at what has changed, and goes with the packages. */
const TYPES_SEEN = 'node_modules/.cache/cc-ci.tsbuildinfo'

/** Only against a hang: a machine with much else to do may take minutes for what takes ten seconds. */
const DEADLINE_MS = 20 * 60_000

/**
 * Everything that needs no engine, as many at once as there are cores: types, lint and format, import direction, dead code, drift of generated docs,
 * a canary for each cause, indexes, spelling.
 */
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: ['node_modules/typescript/bin/tsc', '-p', '.', '--incremental', '--tsBuildInfoFile', TYPES_SEEN],
  lint: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  imports: ['scripts/check/imports.ts'],
  'dead code': ['node_modules/knip/bin/knip.js', '--no-progress'],
  docs: ['scripts/docs/generate-docs.ts', '--check'],
  canaries: ['scripts/check/canaries.ts'],
  indexes: ['scripts/check/indexes.ts'],
  spelling: ['node_modules/cspell/bin.mjs', '--no-progress', '--no-summary', '--quiet', '**/*.{ts,md,sh,yml}'],
}

/** What to do about a check whose own output does not say it. */
const REMEDIES: Readonly<Record<string, string>> = {
  lint: '`npm run format` writes what Biome can correct by itself.',
  'dead code': 'Delete it, or stop exporting it where nobody imports it.',
  spelling:
    'Prefer a plain word. A name that is spelled so: add it to `words` of cspell.json, or `// cspell:ignore NAME` in a file that alone has it.',
}

const started = Date.now()
const queue = Object.entries(CHECKS)
const failed: string[] = []

async function worker(): Promise<void> {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [name, args] = next
    const begun = Date.now()
    const result = await exec(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      timeoutMs: DEADLINE_MS,
    })
    const seconds = ((Date.now() - begun) / 1000).toFixed(1)
    const ok = result.exitCode === 0
    const why = ok ? '' : `: ${describeExit(result, DEADLINE_MS)}`
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)${why}\n`)
    if (ok) continue
    failed.push(name)
    process.stdout.write(`${result.stdout}${result.stderr}\n`)
    if (REMEDIES[name]) process.stdout.write(`${name}: ${REMEDIES[name]}\n\n`)
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, worker))
process.stdout.write(
  `check: ${failed.length === 0 ? 'all passed' : `failed: ${failed.join(', ')}`} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { layers } from './imports/rules.ts'
import { architectureDifferences, indexDifferences, startedFiles } from './indexes/differences.ts'

/**
 * Fails where scripts/README.md does not list every command and nothing else, an npm script starts a file that does not exist, or docs/architecture.md differs
 * from the folders and from the rules of imports.
 */
const commands = globSync('*/*.ts', { cwd: 'scripts' }).sort()
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
const problems = [
  ...indexDifferences(readFileSync('scripts/README.md', 'utf8'), commands).map((one) => `scripts/README.md ${one}`),
  ...startedFiles(manifest.scripts).flatMap((file) => (existsSync(file) ? [] : `package.json starts ${file}`)),
  ...architectureDifferences(readFileSync('docs/architecture.md', 'utf8'), {
    layers,
    folders: foldersIn('src'),
    server: foldersIn('src/server'),
  }).map((one) => `docs/architecture.md ${one}`),
]
for (const problem of problems) process.stdout.write(`${problem}\n`)
process.exitCode = problems.length === 0 && commands.length > 0 ? 0 : 1

function foldersIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
}

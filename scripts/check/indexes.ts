import { existsSync, globSync, readFileSync } from 'node:fs'
import { indexDifferences, startedFiles } from './indexes/differences.ts'

/** Fails where scripts/README.md does not list every command and nothing else, or an npm script starts a file that does not exist. */
const commands = globSync('*/*.ts', { cwd: 'scripts' }).sort()
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
const problems = [
  ...indexDifferences(readFileSync('scripts/README.md', 'utf8'), commands).map((one) => `scripts/README.md ${one}`),
  ...startedFiles(manifest.scripts).flatMap((file) => (existsSync(file) ? [] : `package.json starts ${file}`)),
]
for (const problem of problems) process.stdout.write(`${problem}\n`)
process.exitCode = problems.length === 0 && commands.length > 0 ? 0 : 1

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import {
  compare,
  type FileScore,
  readExplained,
  readMutants,
  type Survivor,
  totalScore,
} from './mutation/mutation-report.ts'

/**
 * `npm run mutation`: changes the verdict's and the convergence's sources in a copy, one small thing at a time, and runs the pure tests
 * against each change. Prints what part of the changes a test noticed, file by file. Fails below 90 % in any file, on a survivor that
 * `tools/mutation/survivors.yml` does not explain, and on an explanation of what does not survive any more.
 * Arguments are files to change instead of all: `npm run mutation -- src/verdict/level.ts`.
 */
const WANTED = 90
const HOME = 'tools/mutation'
const EXPLAINED = `${HOME}/survivors.yml`

const started = Date.now()
await install()
const files = process.argv.slice(2)
const chosen = files.length > 0 ? ['--mutate', files.join(',')] : []
const stryker = `${HOME}/node_modules/@stryker-mutator/core/bin/stryker.js`
if ((await run([process.execPath, stryker, 'run', `${HOME}/stryker.config.json`, ...chosen])) !== 0) process.exit(1)

const { scores, survivors } = readMutants(JSON.parse(readFileSync(`${HOME}/tmp.json`, 'utf8')))
const { unexplained, outdated } = compare(survivors, readExplained(parse(readFileSync(EXPLAINED, 'utf8'))))
const total = totalScore(scores)
for (const score of [...scores, total]) process.stdout.write(`${row(score)}\n`)
printSurvivors(
  `Survivors that ${EXPLAINED} does not explain. Write a test that notices, delete dead code, or say why`,
  unexplained,
)
printSurvivors(`Explained in ${EXPLAINED}, but a test notices now, or the line is another: delete`, outdated)
const low = scores.filter(({ score }) => score < WANTED)
const problems = low.length + Object.keys(unexplained).length + Object.keys(outdated).length
process.stdout.write(
  `mutation: ${total.score.toFixed(1)} % killed; ${low.length} files below ${WANTED} %; ${((Date.now() - started) / 60_000).toFixed(1)} minutes\n`,
)
process.exitCode = problems > 0 || total.killed === 0 ? 1 : 0

/** The packages of its own lock file, which `npm ci` of the project leaves out. */
async function install(): Promise<void> {
  const wanted = createHash('sha256')
    .update(readFileSync(`${HOME}/package-lock.json`))
    .digest('hex')
  const stamp = join(HOME, 'node_modules/.cc-ci-lock')
  if (installed(stamp) === wanted) return
  const code = await run(['npm', 'ci', '--prefix', HOME, '--ignore-scripts', '--no-audit', '--no-fund'])
  if (code !== 0) process.exit(1)
  writeFileSync(stamp, wanted)
}

function installed(stamp: string): string {
  try {
    return readFileSync(stamp, 'utf8')
  } catch {
    return ''
  }
}

function row({ file, killed, survived, score }: FileScore): string {
  return `${file.padEnd(44)} ${score.toFixed(1).padStart(6)} %  ${String(killed).padStart(5)} killed  ${String(survived).padStart(4)} survived`
}

function printSurvivors(title: string, found: Readonly<Record<string, readonly Survivor[]>>): void {
  if (Object.keys(found).length > 0) process.stdout.write(`\n${title}:\n${stringify(found, { lineWidth: 0 })}\n`)
}

function run([file = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] })
      .on('error', reject)
      .on('exit', (code) => resolve(code ?? 1))
  })
}

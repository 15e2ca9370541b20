import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildRecipe } from '../fixtures/recipes/build.ts'
import type { AttributionRecord } from '../src/history/attribution/record.ts'
import { broughtBy } from '../src/history/attribution/recorded.ts'
import { UsageError } from '../src/lib/errors.ts'
import { exec, execOk, wholeEnv } from '../src/lib/exec.ts'
import { newRunId } from '../src/lib/ids.ts'
import { runFolder } from '../src/lifecycle/run-folder.ts'

/**
 * `node scripts/attribute-real.ts [CASE...]`: attributions of real runs on the engine of this machine that no test has the time for, each by this build as
 * it lies here; prints a table of what was expected and what came out, and ends with 1 where they differ. An image and the recipes are its own.
 */
const LAUNCHER = new URL('../bin/cc-ci', import.meta.url).pathname
const IMAGE = 'cc-ci-fixtures/attribute-real:1'
const DEADLINE_MS = 3 * 3_600_000

interface Bench {
  readonly dir: string
  readonly state: string
  readonly recipe: string
  /** Commits the recipe with this entry point, or another README alone. Gives the commit. */
  commit(script?: string): Promise<string>
  ab(
    range: readonly (string | undefined)[],
    more?: readonly string[],
    env?: Readonly<Record<string, string>>,
    onLine?: (line: string) => void,
  ): Promise<AttributionRecord>
}

interface Case {
  readonly why: string
  readonly expected: string
  run(bench: Bench): Promise<string>
}

const GOOD = '/serve.sh'
const BAD = '/nowhere.sh'

const CASES: Readonly<Record<string, Case>> = {
  recipe: {
    why: 'the new commit names a program that is not there',
    expected: 'recipe (install)',
    async run({ commit, ab }) {
      return told(await ab([await commit(GOOD), await commit(BAD)]))
    },
  },
  bisect: {
    why: 'the third of five commits breaks it',
    expected: 'recipe (install), first bad commit: the third',
    async run({ commit, ab }) {
      const commits = [await commit(GOOD), await commit(), await commit(BAD), await commit(), await commit()]
      const record = await ab([commits[0], commits[4]], ['--bisect'])
      const { from, to } = record.bisection?.found ?? {}
      const named = ['first', 'second', 'third', 'fourth', 'fifth'][commits.indexOf(from ?? '')]
      return `${told(record)}, first bad commit: the ${from === to ? named : 'range'}`
    },
  },
  drift: {
    why: 'the image has moved under its name since the base was green',
    expected: 'drift (install), moved: the image',
    async run({ commit, ab, dir, state, recipe }) {
      const ends = [await commit(GOOD), await commit()]
      const id = newRunId(Date.now())
      const test = ['test', recipe, '--ref', ends[0] ?? '', '--base', 'none', '--only', 'install']
      await execOk(LAUNCHER, [...test, '--run-id', id, '--state', state], { deadlineMs: DEADLINE_MS, env: wholeEnv() })
      const recorded = join(dir, 'recorded.json')
      writeFileSync(recorded, JSON.stringify(broughtBy(runFolder(state, id).results)))
      await image(dir, 'FROM cc-ci-fixtures/busybox:1\nRUN rm /bin/sh\n')
      const record = await ab(ends, ['--recorded', recorded])
      const moved = record.decision?.movedSince.map(({ what }) => what) ?? []
      return `${told(record)}, moved: ${moved.includes(`image ${IMAGE}`) ? 'the image' : moved.join(', ')}`
    },
  },
  infra: {
    why: 'the engine is gone from the second run on',
    expected: 'inconclusive',
    async run({ commit, ab, dir }) {
      const relay = await relayTo(join(dir, 'docker.sock'))
      const env = { DOCKER_HOST: `unix://${join(dir, 'docker.sock')}` }
      const onLine = (line: string) => void (line.startsWith('run 2 ') && relay.close())
      const record = await ab([await commit(GOOD), await commit(BAD)], [], env, onLine)
      relay.close()
      return record.decision?.verdict ?? 'undecided'
    },
  },
}

const { positionals } = parseArgs({ allowPositionals: true })
const asked = positionals.length > 0 ? positionals : Object.keys(CASES)
let wrong = 0
for (const name of asked) {
  const one = CASES[name]
  if (!one)
    throw new UsageError('unknown-case', `no case ${name}`, { hint: `There are: ${Object.keys(CASES).join(', ')}.` })
  const begun = performance.now()
  const found = await onBench(one.run)
  if (found !== one.expected) wrong += 1
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1)
  const row = [name, one.why, `expected ${one.expected}`, `came ${found}`, `${minutes} min`]
  process.stdout.write(`${found === one.expected ? 'ok  ' : 'FAIL'} ${row.join('; ')}\n`)
}
process.exitCode = wrong > 0 ? 1 : 0

async function onBench<T>(act: (bench: Bench) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-attribute-'))
  try {
    await image(dir, 'FROM cc-ci-fixtures/busybox:1\n')
    const { dir: recipe } = await buildRecipe('healthy', join(dir, 'healthy'))
    const state = join(dir, 'state')
    return await act({ dir, state, recipe, commit: committer(recipe), ab: attributor(dir, recipe, state) })
  } finally {
    await exec('docker', ['image', 'rm', '--force', IMAGE], { deadlineMs: 60_000 })
    rmSync(dir, { recursive: true, force: true })
  }
}

/** What the name means now. */
async function image(dir: string, dockerfile: string): Promise<void> {
  writeFileSync(join(dir, 'Dockerfile'), dockerfile)
  const env = { ...wholeEnv(), DOCKER_BUILDKIT: '0' }
  await execOk('docker', ['build', '-q', '-t', IMAGE, '-f', join(dir, 'Dockerfile'), dir], { deadlineMs: 600_000, env })
}

function committer(recipe: string): Bench['commit'] {
  const file = join(recipe, 'compose.yml')
  const git = (...args: string[]) =>
    execOk('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      cwd: recipe,
      deadlineMs: 60_000,
    })
  let count = 0
  return async (script) => {
    count += 1
    const text = readFileSync(file, 'utf8').replace(/image: .*/, `image: ${IMAGE}`)
    writeFileSync(file, script ? text.replace(/- \/(serve|nowhere)\.sh/, `- ${script}`) : text)
    writeFileSync(join(recipe, 'NOTES.md'), `${count}\n`)
    await git('add', '--all')
    await git('commit', '--quiet', '-m', `commit ${count}`)
    return (await git('rev-parse', 'HEAD')).stdout.trim()
  }
}

function attributor(dir: string, recipe: string, state: string): Bench['ab'] {
  const file = join(dir, 'attribution.json')
  return async (range, more = [], env = {}, onLine = () => undefined) => {
    const args = ['ab', recipe, '--as-is', '--ref', range.join('..'), '--base', 'none', '--only', 'install']
    await exec(LAUNCHER, [...args, ...more, '--state', state, '--json', file], {
      ...{ deadlineMs: DEADLINE_MS, env: { ...wholeEnv(), ...env } },
      onLine: (line) => {
        process.stdout.write(`     ${line}\n`)
        onLine(line)
      },
    })
    return JSON.parse(readFileSync(file, 'utf8')) as AttributionRecord
  }
}

function told({ decision }: AttributionRecord): string {
  return `${decision?.verdict}${decision?.tier ? ` (${decision.tier})` : ''}`
}

/** Another way to the engine, which can be closed while the engine lives on. */
async function relayTo(path: string): Promise<Server> {
  const server = createServer((client) => {
    const engine = connect('/var/run/docker.sock')
    client.pipe(engine).pipe(client)
    for (const end of [client, engine]) end.on('error', () => [client, engine].forEach((one) => void one.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return server
}

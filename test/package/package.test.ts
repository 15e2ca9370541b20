import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildRepository } from '../../src/canaries/repository.ts'
import { tinyRecipe } from '../../src/canaries/tiny.ts'
import { exec, execOk, wholeEnv } from '../../src/lib/process/exec.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const DEADLINE_MS = 280_000

let dir = ''
let files: readonly string[] = []

/** The package as `npm install -g` lays it out, with the packages of this checkout: nothing is fetched. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-package-'))
  const options = { cwd: ROOT, timeoutMs: DEADLINE_MS, env: wholeEnv() }
  const { stdout } = await execOk('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], options)
  const answer = JSON.parse(stdout) as Packed[] | Record<string, Packed>
  const [packed] = Object.values(answer)
  files = packed?.files.map(({ path }) => path) ?? []
  const home = join(dir, 'lib', 'node_modules', 'cc-ci')
  mkdirSync(home, { recursive: true })
  await execOk('tar', ['-xzf', join(dir, packed?.filename ?? ''), '-C', home, '--strip-components=1'], options)
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))
  mkdirSync(join(dir, 'bin'))
  symlinkSync('../lib/node_modules/cc-ci/bin/cc-ci', join(dir, 'bin', 'cc-ci'))
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

test('a package holds the command, its sources and what messages name, and nothing else', () => {
  const folders = new Set(files.map((file) => (file.includes('/') ? (file.split('/')[0] ?? '') : file)))
  const named = ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'docs', 'package.json', 'src']
  expect([...folders].sort()).toEqual(named)
  for (const file of ['bin/cc-ci', 'bin/strip-types.mjs', 'src/inside/tsconfig.json', 'src/images/smtp-sink/sink.py'])
    expect(files).toContain(file)
  expect(files.filter((file) => /\.test\.ts$|\/pictures\//.test(file))).toEqual([])
})

test('an installed package plans and lints a recipe, and looks at the machine', async () => {
  const { dir: recipe } = await buildRepository(tinyRecipe({ name: 'tiny', base: {}, head: {} }), join(dir, 'tiny'))
  expect(await call('--version')).toMatchObject({ exitCode: 0 })
  const plan = await call('plan', recipe, '--json')
  expect(plan, plan.stderr).toMatchObject({ exitCode: 0 })
  expect(JSON.parse(plan.stdout)).toHaveProperty('recipe')
  const lint = await call('lint', recipe)
  expect(lint, lint.stderr).toMatchObject({ exitCode: 0 })
  // What a machine lacks is no fault of the package.
  const doctor = await call('doctor')
  expect(doctor.stdout).toContain('Docker engine')
  expect(doctor.stderr).not.toContain('ERR_')
})

test('what needs the repository of cc-ci says so in an installed package', async () => {
  // Installed below the top of a repository that is not of cc-ci.
  await execOk('git', ['init', '--quiet', dir], { timeoutMs: DEADLINE_MS })
  const env = { ...wholeEnv(), GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.org' }
  const commit = ['-C', dir, 'commit', '--quiet', '--allow-empty', '--message', 'Not of cc-ci']
  const committer = { GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.org' }
  await execOk('git', commit, { timeoutMs: DEADLINE_MS, env: { ...env, ...committer } })
  const page = await call('selftest', '--write-doc')
  expect(page).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/lies in none\n {2}Clone the repository/) })
  const ab = await call('ab', 'tiny', '--tool', 'v0.1..main')
  expect(ab).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/is not the top of a git repository of cc-ci\n {2}Clone the repository.*--tool-repo/),
  })
})

function call(...args: string[]) {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`
  const env = { ...wholeEnv(), PATH: path, CC_CI_STATE: join(dir, 'state'), NO_COLOR: '1' }
  return exec(join(dir, 'bin', 'cc-ci'), args, { env, timeoutMs: DEADLINE_MS, cwd: dir })
}

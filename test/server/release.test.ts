import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ExecResult, exec, execOk, wholeEnv } from '../../src/lib/process/exec.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const VERSION = '99.1.0'
const MIGRATIONS = 'src/server/storage/schema/migrations.ts'

test('a release is tried, refused and made in a clone', { timeout: 900_000 }, async () => {
  using clone = await cloneOfWorkTree()
  const { git, release, read } = clone
  expect(await release('--dry-run')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('which version?') })
  expect(await release(VERSION, '--dry-run')).toMatchObject({
    exitCode: 1,
    stderr: `RELEASED of ${MIGRATIONS} has no line for ${VERSION}\n`,
  })

  const text = read(MIGRATIONS)
  const last = [...text.matchAll(/^ {2}\{ version: '.*', migration: '(.*)' \},\n(?=\])/gm)][0]
  const line = `  { version: '${VERSION}', migration: '${last?.[1]}' },\n`
  writeFileSync(
    join(clone.dir, MIGRATIONS),
    text.replace(last?.[0] ?? '', (found) => found + line),
  )
  expect(await release(VERSION, '--dry-run')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('not committed'),
  })
  await git('commit', '--quiet', '--all', '--message', 'Prepare a release')
  const before = await git('rev-parse', 'HEAD')
  const tried = await release(VERSION, '--dry-run')
  expect(tried, tried.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('can be released') })
  expect([await git('rev-parse', 'HEAD'), await git('status', '--porcelain'), await git('tag')]).toEqual([
    before,
    '',
    '',
  ])

  const made = await release(VERSION)
  expect(made, made.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`tagged v${VERSION}`) })
  expect(await git('status', '--porcelain')).toBe('')
  expect(await git('log', '--format=%s', `${before.trim()}..v${VERSION}`)).toBe(`Release ${VERSION}\n`)
  expect(JSON.parse(read('package.json'))).toMatchObject({ version: VERSION })
  expect(JSON.parse(read('package-lock.json'))).toMatchObject({ version: VERSION })
  expect(read('CHANGELOG.md')).toMatch(
    new RegExp(`^## Unreleased\n\n## ${VERSION} \\(\\d{4}-\\d\\d-\\d\\d\\)\n\n### `, 'm'),
  )
  expect(read('recipe/compose.yml')).toContain(`image: cc-ci/server:${VERSION}\n`)
  expect(existsSync(join(clone.dir, `test/server/storage/released/${VERSION}.sql`))).toBe(true)
  const docs = await clone.node('scripts/docs/generate-docs.ts', '--check')
  expect(docs, docs.stdout + docs.stderr).toMatchObject({ exitCode: 0 })

  expect(await release(VERSION, '--dry-run')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`the tag v${VERSION} exists`),
  })
})

interface Clone extends Disposable {
  readonly dir: string
  node(...args: string[]): Promise<ExecResult>
  release(...args: string[]): Promise<ExecResult>
  git(...args: string[]): Promise<string>
  read(file: string): string
}

/** A repository of its own with the files as they lie here, without tags and remotes. */
async function cloneOfWorkTree(): Promise<Clone> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-release-'))
  const options = { cwd: dir, timeoutMs: 300_000 }
  const identity = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.org' }
  const env = { ...wholeEnv(), ...identity, GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.org' }
  const git = async (...args: string[]) => (await execOk('git', args, { ...options, env })).stdout
  const node = (...args: string[]) =>
    exec(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { ...options, env })
  const listed = ['-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  for (const file of (await git(...listed)).split('\0').filter((name) => name && existsSync(join(ROOT, name))))
    cpSync(join(ROOT, file), join(dir, file), { verbatimSymlinks: true })
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'As it is')
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  writeFileSync(join(dir, '.git', 'info', 'exclude'), 'node_modules\n')
  return {
    ...{ dir, git, node },
    release: (...args) => node('scripts/release/release.ts', ...args),
    read: (file) => readFileSync(join(dir, file), 'utf8'),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
}

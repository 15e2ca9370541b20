// cspell:ignore uploadpack
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exec, execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { type GitOptions, git, uploadArgs } from '../../../src/recipe/repository/git.ts'

// Several things keep git from running what a partial clone's configuration names. Each holds alone: the others are taken away here.
const DEADLINE = { timeoutMs: 120_000 }

interface Partial extends Disposable {
  readonly dir: string
  /** Whether the program that its configuration names was run; forgets it. */
  ran(): boolean
}

/** A repository that lacks the one file of its head, and would fetch it from beside itself by a program that leaves a mark. */
async function partial(): Promise<Partial> {
  const root = mkdtempSync(join(tmpdir(), 'cc-ci-git-'))
  const [dir, whole, mark] = [join(root, 'partial'), join(root, 'whole'), join(root, 'mark')]
  const plain = async (...args: string[]) => (await execOk('git', args, { ...DEADLINE, env: inheritedEnv() })).stdout
  await plain('init', '-q', dir)
  writeFileSync(join(dir, 'a'), 'a file\n')
  await plain('-C', dir, 'add', 'a')
  await plain('-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-qm', 'A file')
  await plain('clone', '-q', '--bare', '--no-local', dir, whole)
  const blob = (await plain('-C', dir, 'rev-parse', 'HEAD:a')).trim()
  rmSync(join(dir, '.git', 'objects', blob.slice(0, 2), blob.slice(2)))
  const settings = {
    'core.repositoryFormatVersion': '1',
    'extensions.partialClone': 'origin',
    'protocol.allow': 'always',
    'protocol.file.allow': 'always',
    'remote.origin.promisor': 'true',
    'remote.origin.uploadpack': `touch ${mark}; git-upload-pack`,
    'remote.origin.url': whole,
    'uploadpack.allowAnySHA1InWant': 'true',
  }
  for (const [key, value] of Object.entries(settings)) await plain('-C', dir, 'config', key, value)
  return {
    dir,
    ran() {
      const found = existsSync(mark)
      rmSync(mark, { force: true })
      return found
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  }
}

const read = (dir: string, options: GitOptions) => git(dir, ['cat-file', 'blob', 'HEAD:a'], options)
/** As if nothing forbade it to fetch what is missing. */
const LAZY = { GIT_NO_LAZY_FETCH: '0' }

describe('what a partial clone lacks is not fetched', () => {
  test('because it is not to be fetched when it is missed, whatever may be asked', async () => {
    using repo = await partial()
    await read(repo.dir, { protocols: ['file'] })
    expect(repo.ran()).toBe(false)
    // The plant is alive: this is the one thing that kept it.
    await read(repo.dir, { protocols: ['file'], env: LAZY })
    expect(repo.ran()).toBe(true)
  })

  test('because nothing may be asked, whatever the configuration says', async () => {
    using repo = await partial()
    await read(repo.dir, { env: LAZY, config: ['protocol.allow=always', 'protocol.file.allow=always'] })
    expect(repo.ran()).toBe(false)
  })

  test('because the configuration is overruled, for programs that know of nothing else', async () => {
    using repo = await partial()
    const { stdout } = await git(repo.dir, ['config', '--get', 'protocol.allow'])
    expect(stdout.trim()).toBe('never')
    const { stdout: allowed } = await git(repo.dir, ['config', '--get', 'protocol.ssh.allow'], { protocols: ['ssh'] })
    expect(allowed.trim()).toBe('always')
  })
})

describe('what serves a clone of a partial one fetches nothing in its turn', () => {
  const clone = (repo: Partial, upload: readonly string[], env: Record<string, string>) =>
    git(repo.dir, ['clone', '-q', '--bare', '--no-local', ...upload, repo.dir, join(repo.dir, 'clone')], {
      protocols: ['file'],
      env,
    })

  test('because its own program is told so', async () => {
    using repo = await partial()
    await clone(repo, uploadArgs(repo.dir), LAZY)
    expect(repo.ran()).toBe(false)
    await clone(repo, [], LAZY)
    expect(repo.ran()).toBe(true)
  })

  test('because it inherits that nothing is fetched when it is missed', async () => {
    using repo = await partial()
    await clone(repo, [], {})
    expect(repo.ran()).toBe(false)
  })

  test.each([
    ['/srv/recipe', true],
    ['file:///srv/recipe', true],
    ['FILE:///srv/recipe', true],
    ['https://git.example.org/recipe', false],
    ['git@git.example.org:recipe', false],
  ])('%s: %s', (source, reported) => expect(uploadArgs(source).length > 0).toBe(reported))
})

test('a repository elsewhere is asked for nothing by an address that names a program', async () => {
  using repo = await partial()
  const mark = join(repo.dir, 'ext')
  const address = `ext::touch% ${mark}`
  for (const protocols of [[], ['file', 'git', 'http', 'https', 'ssh']] as const)
    await git(repo.dir, ['ls-remote', address], { protocols, config: ['protocol.ext.allow=always'] })
  expect(existsSync(mark)).toBe(false)
  await exec('git', ['-c', 'protocol.ext.allow=always', 'ls-remote', address.replace('% ', ' ')], {
    ...{ ...DEADLINE, env: inheritedEnv(), cwd: repo.dir },
  })
  expect(existsSync(mark)).toBe(true)
})

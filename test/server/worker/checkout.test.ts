import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { openRecipe, resolveRef } from '../../../src/recipe/repository/repo.ts'
import { checkOut } from '../../../src/server/worker/checkout.ts'

let dir = ''
let repo = ''

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-checkout-'))
  repo = join(dir, 'repo')
  mkdirSync(repo)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function git(...args: string[]): Promise<string> {
  const who = ['-c', 'user.name=A Stranger', '-c', 'user.email=stranger@example.org']
  const done = await execOk('git', [...who, ...args], { cwd: repo, timeoutMs: 30_000, env: inheritedEnv() })
  return done.stdout.trim()
}

async function commit(text: string): Promise<string> {
  writeFileSync(join(repo, 'compose.yml'), text)
  await git('add', '--all')
  await git('commit', '-q', '-m', text)
  return git('rev-parse', 'HEAD')
}

async function bundled(): Promise<string> {
  const bundle = join(dir, 'all.bundle')
  await git('bundle', 'create', '-q', bundle, '--all')
  return bundle
}

it('a commit that only refs/cc-ci/head has is checked out and found', async () => {
  await git('init', '-q', '-b', 'main')
  await commit('main')
  await git('checkout', '-q', '--detach')
  const head = await commit('of a stranger')
  await git('update-ref', 'refs/cc-ci/head', head)
  await git('checkout', '-q', 'main')
  const clone = await checkOut(await bundled(), join(dir, 'clone'), {
    ...{ repository: 'coop-cloud/app', commit: head, baseBranch: null },
  })
  expect(basename(clone)).toBe('app')
  expect(readFileSync(join(clone, 'compose.yml'), 'utf8')).toBe('of a stranger')
  const recipe = await openRecipe(clone, { origin: 'https://user:password@git.example.org/coop-cloud/app?x' })
  expect(recipe.origin).toBe('https://git.example.org/coop-cloud/app')
  expect(await resolveRef(recipe, head)).toBe(head)
})

it('a tag that is called like the commit does not stand in for it', async () => {
  await git('init', '-q', '-b', 'main')
  const approved = await commit('approved')
  const other = await commit('of a stranger')
  await git('update-ref', `refs/tags/${approved}`, other)
  const clone = await checkOut(await bundled(), join(dir, 'clone'), {
    ...{ repository: 'coop-cloud/.app', commit: approved, baseBranch: null },
  })
  expect(readFileSync(join(clone, 'compose.yml'), 'utf8')).toBe('approved')
  expect(await resolveRef(await openRecipe(clone), approved)).toBe(approved)
})

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { execOk } from '../../../src/lib/process/exec.ts'
import { HEAD_REF, writeBundle } from '../../../src/server/forge/bundle.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'
import { runGit } from '../support/gitea-git.ts'

let gitea: Gitea
let dir: string
const REPO = 'coop/recipe'
const HOSTILE = ['--upload-pack=touch${IFS}pwned', '$(touch pwned)', 'a;b', 'ünïcode', "it's"]

beforeAll(async () => {
  gitea = await startGitea()
  dir = await mkdtemp(join(tmpdir(), 'cc-ci-bundle-'))
  await gitea.makeRepository(REPO, { 'compose.yml': 'services: {}\n' }, ['1.0.0+1.0', 'x/--all'])
  await gitea.fork(gitea.people.stranger, REPO)
})
afterAll(async () => {
  await gitea?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

const order = (commit: string, file: string, pull: number | null = null) => ({
  source: giteaForge({ baseUrl: gitea.url, token: gitea.people.bot.token }).cloneSource(REPO),
  repository: REPO,
  pullRef: pull === null ? null : `refs/pull/${pull}/head`,
  commit,
  mirrorDir: join(dir, 'mirrors'),
  file: join(dir, file),
})

/** Refs of a bundle to what they name, peeled. */
async function refsOf(file: string): Promise<Record<string, string>> {
  const clone = await mkdtemp(join(dir, 'clone-'))
  await runGit(clone, null, ['init', '-q', '--bare', '.'])
  await runGit(clone, null, ['fetch', '-q', join(dir, file), '+refs/*:refs/*'])
  const text = await runGit(clone, null, ['for-each-ref', '--format=%(refname) %(objecttype) %(objectname)'])
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([ref, type, id]) => [ref, type === 'commit' ? id : type]),
  ) as Record<string, string>
}

it("carries a fork's commit, the default branch and annotated tags", async () => {
  const as = gitea.people.stranger
  const first = { as, repository: 'stranger/recipe', branch: 'change', files: { a: 'a' } }
  const commit = await gitea.push(first)
  const pull = await gitea.openPull({ as, repository: REPO, head: 'stranger:change' })
  await writeBundle(order(commit, 'fork.bundle', pull.number))
  const main = (await gitea.api<{ commit: { id: string } }>(as, 'GET', `/repos/${REPO}/branches/main`)).commit.id
  expect(await refsOf('fork.bundle')).toEqual({
    [HEAD_REF]: commit,
    'refs/heads/main': main,
    'refs/tags/1.0.0+1.0': 'tag',
    'refs/tags/x/--all': 'tag',
  })
  expect(await runGit(dir, null, ['clone', '-q', '--branch', '1.0.0+1.0', join(dir, 'fork.bundle'), 'checked'])).toBe(
    '',
  )

  const later = await gitea.push({ ...first, files: { b: 'b' } })
  await gitea.headIs(REPO, pull.number, later)
  await gitea.push({ as: gitea.people.admin, repository: REPO, branch: 'main', files: { c: 'c' }, tags: ['2.0.0+2.0'] })
  await Promise.all([
    writeBundle(order(commit, 'again.bundle', pull.number)),
    writeBundle(order(later, 'later.bundle', pull.number)),
    writeBundle(order(main, 'main.bundle')),
  ])
  expect((await refsOf('again.bundle'))[HEAD_REF]).toBe(commit)
  expect(await refsOf('later.bundle')).toMatchObject({ [HEAD_REF]: later, 'refs/tags/2.0.0+2.0': 'tag' })
  expect((await refsOf('main.bundle'))[HEAD_REF]).toBe(main)
  expect((await readdir(dir)).filter((name) => name.includes('.part'))).toEqual([])
})

it('lets the token into a private repository', async () => {
  const main = await gitea.makeRepository('coop/private', { a: 'a' })
  await gitea.api(gitea.people.admin, 'PATCH', '/repos/coop/private', { private: true })
  const forge = giteaForge({ baseUrl: gitea.url, token: gitea.people.bot.token })
  const closed = {
    ...order(main, 'private.bundle'),
    repository: 'coop/private',
    source: forge.cloneSource('coop/private'),
  }
  await writeBundle(closed)
  expect((await refsOf('private.bundle'))[HEAD_REF]).toBe(main)
  await expect(writeBundle({ ...closed, source: { ...closed.source, authorization: null } })).rejects.toMatchObject({
    code: 'git-failed',
  })
})

it('takes hostile names as data', async () => {
  const as = gitea.people.admin
  for (const name of HOSTILE)
    if ((await gitea.raw(as, 'POST', `/repos/${REPO}/tags`, { tag_name: name, message: name, target: 'main' })).ok)
      await gitea.raw(as, 'POST', `/repos/${REPO}/branches`, { new_branch_name: `b/${name}`, old_ref_name: 'main' })
  const branch = await gitea.api<{ commit: { id: string } }>(as, 'GET', `/repos/${REPO}/branches/main`)
  for (const baseBranch of ['b/a;b', '--all', '../x', 'a\nb', 'main:refs/heads/evil', '*'])
    await writeBundle({ ...order(branch.commit.id, 'hostile.bundle'), baseBranch })
  const refs = await refsOf('hostile.bundle')
  expect(Object.keys(refs)).toContain("refs/tags/it's")
  await expect(stat(join(dir, 'mirrors/coop/recipe.git/pwned'))).rejects.toThrow()
})

it('keeps the credential out of the mirror, and out of what it says', async () => {
  const { token } = gitea.people.bot
  const source = { ...order('a'.repeat(40), 'x.bundle').source, url: `${gitea.url}/coop/nothere.git` }
  const error = await writeBundle({ ...order('a'.repeat(40), 'x.bundle'), repository: 'coop/nothere', source }).catch(
    (thrown) => thrown,
  )
  expect(error).toMatchObject({ code: 'git-failed' })
  expect(error.message).not.toContain(token)
  const secrets = [token, source.authorization?.split(' ')[1] ?? '']
  const found = await execOk(
    'sh',
    ['-c', 'grep -rlF -e "$1" -e "$2" "$3" || true', 'sh', ...secrets, join(dir, 'mirrors')],
    {
      timeoutMs: 30_000,
    },
  )
  expect(found.stdout).toBe('')
})

it('says that a commit is not there, and refuses what is too large', async () => {
  await expect(writeBundle(order('b'.repeat(40), 'y.bundle'))).rejects.toMatchObject({ code: 'commit-not-found' })
  const main = await gitea.api<{ commit: { id: string } }>(null, 'GET', `/repos/${REPO}/branches/main`)
  const small = { ...order(main.commit.id, 'z.bundle'), mirrorDir: join(dir, 'small'), maxFileBytes: 300 }
  await expect(writeBundle(small)).rejects.toMatchObject({ code: 'git-failed' })
  await expect(stat(join(dir, 'z.bundle'))).rejects.toThrow()
})

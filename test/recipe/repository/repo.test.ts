import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { execOk } from '../../../src/lib/process/exec.ts'
import { escapingLinks } from '../../../src/recipe/repository/links.ts'
import { exportTree, openRecipe, resolveRef } from '../../../src/recipe/repository/repo.ts'
import { COMPOSE, commit, folder, git, repository, write } from '../throwaway.ts'

describe('openRecipe', () => {
  test('a folder: name, head, branch, versions in order, lightweight tags apart', async () => {
    const dir = await repository()
    const first = await git(dir, 'rev-parse', 'HEAD')
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.9.0')
    await git(dir, 'tag', '-a', '-m', 'x', 'v9')
    await git(dir, 'tag', '1.1.0+1.10.0')
    const head = await commit(dir, 'second', { 'README.md': 'x' })
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.10.0')
    const repo = await openRecipe(dir)
    expect(repo).toMatchObject({ dir, origin: dir, head: { commit: head, dirty: false, branch: 'main' } })
    expect(repo.versions.map(({ tag, commit: at }) => [tag, at])).toEqual([
      ['1.0.0+1.9.0', first],
      ['1.0.0+1.10.0', head],
    ])
    expect(repo.lightweightTags).toEqual(['1.1.0+1.10.0'])
  })

  test('a changed or untracked file makes it dirty, an ignored one does not', async () => {
    const dir = await repository({ 'compose.yml': COMPOSE, '.gitignore': 'ignored\n' })
    await write(dir, { ignored: 'x' })
    expect((await openRecipe(dir)).head.dirty).toBe(false)
    await write(dir, { fresh: 'x' })
    expect((await openRecipe(dir)).head.dirty).toBe(true)
  })

  test('a name inside recipesDir', async () => {
    const parent = await folder({})
    const dir = join(parent, 'gitea')
    await mkdir(dir)
    await write(dir, { 'compose.yml': COMPOSE })
    await git(dir, 'init', '--quiet')
    await commit(dir, 'x')
    expect((await openRecipe('gitea', { recipesDir: parent })).name).toBe('gitea')
    await expect(openRecipe('gittea', { recipesDir: parent })).rejects.toMatchObject({
      code: 'recipe-not-found',
      exitCode: 2,
      hint: expect.stringContaining('Did you mean "gitea"?') as unknown,
    })
  })

  test('a URL is cloned, tags included, and shown without its credentials', async () => {
    const dir = await repository()
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.0.0')
    const into = join(await folder({}), 'clone')
    const repo = await openRecipe(`file://${dir}`, { cloneInto: into })
    expect(repo).toMatchObject({ dir: into, origin: `file://${dir}` })
    expect(repo.versions).toHaveLength(1)
  })

  test.each([
    ['a file', 'compose.yml', 'not-a-recipe'],
    ['a folder that is not there', 'nowhere', 'recipe-not-found'],
    ['a folder without compose.yml', 'empty', 'not-a-recipe'],
  ])('refuses %s', async (_what, path, code) => {
    const dir = await repository({ 'compose.yml': COMPOSE, 'empty/x': 'x' })
    await expect(openRecipe(join(dir, path))).rejects.toMatchObject({ code, exitCode: 2 })
  })

  test('refuses a recipe that is no repository, lies inside another one, or has no commit', async () => {
    const plain = await folder({ 'compose.yml': COMPOSE })
    await expect(openRecipe(plain)).rejects.toMatchObject({ code: 'not-a-repository' })
    const outer = await repository({ 'inner/compose.yml': COMPOSE })
    await expect(openRecipe(join(outer, 'inner'))).rejects.toMatchObject({ code: 'not-a-repository' })
    await git(plain, 'init', '--quiet')
    await expect(openRecipe(plain)).rejects.toMatchObject({ code: 'no-commits' })
  })

  test.each(['', '--upload-pack=touch x', '-x', 'ext::sh -c "touch x"', 'https:/', 'a\0b'])(
    'refuses %j',
    async (text) => {
      await expect(openRecipe(text, { cloneInto: join(await folder({}), 'c') })).rejects.toMatchObject({ exitCode: 2 })
    },
  )

  test.each(['; touch pwned', '$(touch pwned)', '`touch pwned`', '| touch pwned', 'a && touch pwned'])(
    '%j is a name like any other',
    async (name) => {
      const parent = await folder({})
      await expect(openRecipe(name, { recipesDir: parent })).rejects.toMatchObject({ code: 'recipe-not-found' })
      const dir = join(parent, name.replaceAll('/', ''))
      await mkdir(dir)
      await write(dir, { 'compose.yml': COMPOSE })
      await git(dir, 'init', '--quiet')
      await commit(dir, 'x')
      expect((await openRecipe(dir)).dir).toBe(dir)
      expect(existsSync('pwned') || existsSync(join(dir, 'pwned'))).toBe(false)
    },
  )

  test('nothing of the repository runs: hooks, file system monitor, filters, nor at export', async () => {
    const dir = await repository({ 'compose.yml': COMPOSE, '.gitattributes': '* filter=evil\n' })
    const ran = join(await folder({}), 'ran')
    const script = join(dir, '.git', 'evil')
    await writeFile(script, `#!/bin/sh\necho "$0 $*" >> ${ran}\ncat\n`)
    await chmod(script, 0o755)
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction', 'fsmonitor-watchman']) {
      await symlink(script, join(dir, '.git', 'hooks', hook))
    }
    for (const key of [
      'core.fsmonitor',
      'core.pager',
      'filter.evil.clean',
      'filter.evil.smudge',
      'diff.external',
      'core.sshCommand',
    ]) {
      await git(dir, 'config', key, script)
    }
    await git(dir, 'config', 'filter.evil.required', 'true')
    await rm(ran, { force: true })
    await writeFile(join(dir, 'compose.yml'), `${COMPOSE}# changed\n`)
    const repo = await openRecipe(dir)
    await exportTree(repo, repo.head.commit, join(await folder({}), 'out'))
    await exportTree(repo, 'worktree', join(await folder({}), 'out'))
    await resolveRef(repo, 'main')
    expect(repo.head.dirty).toBe(true)
    expect(existsSync(ran)).toBe(false)
  })
})

describe('resolveRef', () => {
  test('tags, branches, commits and abbreviations', async () => {
    const dir = await repository()
    const first = await git(dir, 'rev-parse', 'HEAD')
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.0.0')
    await commit(dir, 'second')
    const repo = await openRecipe(dir)
    for (const ref of ['1.0.0+1.0.0', first, first.slice(0, 8), 'main~1'])
      expect(await resolveRef(repo, ref)).toBe(first)
  })

  test.each(['1.0.0+1.0.1', 'mian', '--all', '-h', '$(id)', 'x;y', ''])(
    '%j is not found, and what there is gets listed',
    async (ref) => {
      const dir = await repository()
      await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.0.0')
      const error = await resolveRef(await openRecipe(dir), ref).catch((e: unknown) => e)
      expect(error).toMatchObject({ code: 'ref-not-found', exitCode: 2 })
      expect((error as { hint: string }).hint).toContain('Versions: 1.0.0+1.0.0. Branches: main.')
      if (ref === '1.0.0+1.0.1') expect((error as { hint: string }).hint).toContain('Did you mean "1.0.0+1.0.0"?')
    },
  )
})

describe('exportTree', () => {
  test('files are those of the commit byte for byte, whatever attributes and settings say', async () => {
    const files = {
      'compose.yml': COMPOSE,
      'cc-ci/install-steps.sh': '#!/bin/sh\n# $Id$ \u00a5\necho one\n',
      '.gitattributes': 'cc-ci/* text eol=crlf ident working-tree-encoding=UTF-16LE\n',
      'cc-ci/.gitattributes': '* text eol=crlf\n',
    }
    const dir = await repository({ 'compose.yml': COMPOSE })
    await write(dir, files)
    await git(dir, '-c', 'core.attributesFile=/dev/null', 'rm', '--quiet', '--cached', 'compose.yml')
    for (const [path, text] of Object.entries(files)) {
      const id = await execOk('git', ['hash-object', '-w', '--stdin'], { cwd: dir, input: text, timeoutMs: 60_000 })
      await git(dir, 'update-index', '--add', '--cacheinfo', `100644,${id.stdout.trim()},${path}`)
    }
    await git(dir, 'commit', '--quiet', '-m', 'attributes')
    const head = await git(dir, 'rev-parse', 'HEAD')
    for (const [key, value] of [
      ['core.autocrlf', 'true'],
      ['core.sparseCheckout', 'true'],
      ['core.attributesFile', join(dir, '.gitattributes')],
    ])
      await git(dir, 'config', key ?? '', value ?? '')
    await write(dir, { '.git/info/sparse-checkout': '/compose.yml\n' })
    const dest = join(await folder({}), 'out')
    await exportTree(await openRecipe(dir), head, dest)
    for (const [path, text] of Object.entries(files)) expect(await readFile(join(dest, path), 'utf8')).toBe(text)
  })

  test('a commit: its files, modes and inner links, none of the work tree', async () => {
    const dir = await repository({
      'compose.yml': COMPOSE,
      'sub/a b.sh': '#!/bin/sh\n',
      bin: new Uint8Array([0, 255, 1]),
    })
    await chmod(join(dir, 'sub/a b.sh'), 0o755)
    await symlink('sub/a b.sh', join(dir, 'link'))
    const head = await commit(dir, 'x')
    await write(dir, { 'compose.yml': 'changed', fresh: 'x' })
    const dest = join(await folder({}), 'out')
    await exportTree(await openRecipe(dir), head, dest)
    expect((await readdir(dest)).sort()).toEqual(['bin', 'compose.yml', 'link', 'sub'])
    expect(await readFile(join(dest, 'compose.yml'), 'utf8')).toBe(COMPOSE)
    expect([...(await readFile(join(dest, 'bin')))]).toEqual([0, 255, 1])
    expect((await lstat(join(dest, 'sub/a b.sh'))).mode & 0o111).not.toBe(0)
    expect((await lstat(join(dest, 'link'))).isSymbolicLink()).toBe(true)
    expect(await git(dir, 'status', '--porcelain')).toContain('compose.yml')
  })

  test('the work tree: changed, untracked, without deleted and ignored files', async () => {
    const dir = await repository({ 'compose.yml': COMPOSE, gone: 'x', '.gitignore': 'ignored\n' })
    await write(dir, { 'compose.yml': `${COMPOSE}# new\n`, fresh: 'x', ignored: 'x' })
    await rm(join(dir, 'gone'))
    const dest = join(await folder({}), 'out')
    await exportTree(await openRecipe(dir), 'worktree', dest)
    expect((await readdir(dest)).sort()).toEqual(['.gitignore', 'compose.yml', 'fresh'])
    expect(await readFile(join(dest, 'compose.yml'), 'utf8')).toContain('# new')
  })

  test.each(['/etc/passwd', '../../etc/passwd', 'sub/../../x'])('a link to %s is refused in both', async (target) => {
    const dir = await repository()
    await symlink(target, join(dir, 'link'))
    const head = await commit(dir, 'x')
    const repo = await openRecipe(dir)
    for (const from of [head, 'worktree']) {
      const dest = join(await folder({}), 'out')
      await expect(exportTree(repo, from, dest)).rejects.toMatchObject({
        code: 'symlink-outside',
        where: { file: 'link' },
      })
      expect(existsSync(dest)).toBe(false)
    }
  })

  const DEEP = 'a/b/c/d/e/f'
  test.each([
    ['through a link on the way', { 'a/b/s': '../..', hosts: 'a/b/s/../etc/hostname' }, 'hosts'],
    [
      'as far as the root',
      { [`${DEEP}/s`]: '../../../../../..', hosts: `${DEEP}/s/../../../../../../etc/hostname` },
      'hosts',
    ],
    ['through two links', { one: 'a/two', 'a/two': '.', hosts: 'one/../../etc' }, 'hosts'],
    ['by a folder that is a link', { 'sub/out': '..', 'x/y': '../sub/out/../../etc' }, 'x/y'],
  ])('a link out of the recipe %s is refused in both', async (_how, links, out) => {
    const dir = await repository({ 'compose.yml': COMPOSE, [`${DEEP}/file`]: 'x', 'x/file': 'x', 'sub/file': 'x' })
    for (const [path, target] of Object.entries(links)) {
      await mkdir(join(dir, path, '..'), { recursive: true })
      await symlink(target, join(dir, path))
    }
    const head = await commit(dir, 'x')
    const repo = await openRecipe(dir)
    for (const from of [head, 'worktree'])
      await expect(exportTree(repo, from, join(await folder({}), 'out'))).rejects.toMatchObject({
        code: 'symlink-outside',
        where: { file: out },
      })
  })

  test('links that stay within, lead nowhere or in a circle are kept as they are', async () => {
    const dir = await repository({ 'compose.yml': COMPOSE, 'a/b/file': 'x' })
    const links = {
      up: 'a/../a/b',
      'a/top': '..',
      'a/b/far': '../top/up/file',
      nowhere: 'not/there',
      here: 'here',
      'a/x': '../a/x/y',
    }
    for (const [path, target] of Object.entries(links)) await symlink(target, join(dir, path))
    const head = await commit(dir, 'x')
    for (const from of [head, 'worktree']) {
      const dest = join(await folder({}), 'out')
      await exportTree(await openRecipe(dir), from, dest)
      for (const [path, target] of Object.entries(links)) expect(await readlink(join(dest, path))).toBe(target)
    }
  })

  test('links that would take forever to follow are refused', () => {
    const links = new Map(
      Array.from({ length: 3000 }, (_, index) => [`l${index}`, `${'./'.repeat(1000)}l${index + 1}`]),
    )
    expect(escapingLinks(links).length).toBeGreaterThan(0)
  })

  test('a submodule is left out', async () => {
    const dir = await repository()
    const head = await git(dir, 'rev-parse', 'HEAD')
    await git(dir, 'update-index', '--add', '--cacheinfo', `160000,${head},module`)
    await git(dir, 'commit', '-qm', 'module')
    const dest = join(await folder({}), 'out')
    await exportTree(await openRecipe(dir), await git(dir, 'rev-parse', 'HEAD'), dest)
    expect(existsSync(join(dest, 'module', 'compose.yml'))).toBe(false)
  })

  test('too large a tree is refused, and the largest file named', async () => {
    const dir = await repository({ 'compose.yml': COMPOSE, 'media.bin': new Uint8Array(65 * 1024 * 1024) })
    const repo = await openRecipe(dir)
    for (const from of [repo.head.commit, 'worktree']) {
      const refused = exportTree(repo, from, join(await folder({}), 'out'))
      await expect(refused).rejects.toMatchObject({
        code: 'tree-too-big',
        message: expect.stringContaining('media.bin') as unknown,
      })
    }
  })
})

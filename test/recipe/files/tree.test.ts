import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readAbraExports } from '../../../src/recipe/files/abra-exports.ts'
import { readMetadata } from '../../../src/recipe/files/metadata.ts'
import { readTree } from '../../../src/recipe/files/tree.ts'
import { appEnv, stackName } from '../../../src/recipe/stack/app-env.ts'
import { folder } from '../throwaway.ts'

const exportsOf = (text: string) =>
  Object.fromEntries([...readAbraExports(text)].map(([name, { value }]) => [name, value]))

describe('abra.sh', () => {
  test('exports at the top level, in every quoting', () => {
    const text =
      '#!/bin/bash\nexport A=v1\nexport B="v2" # why\nexport C=\'v3\'; export D=no\nexport E=v4 F=v5\n  export G=v6\n#export H=v7\nI=v8\nexport J\nexport A=v9\n'
    expect(exportsOf(text)).toEqual({ A: 'v9', B: 'v2', C: 'v3', E: 'v4', F: 'v5', G: 'v6' })
    expect(readAbraExports(text).get('B')?.place).toEqual({ file: 'abra.sh', line: 3, column: 8 })
  })

  test('nothing that would need a shell', () => {
    expect(
      exportsOf('export A=$(touch pwned)\nexport B=`id`\nexport C="$HOME"\nexport D=${X:-1}\nexport E=ok\n'),
    ).toEqual({ E: 'ok' })
  })

  test('nothing inside functions and here-documents', () => {
    const text =
      'one() {\n  export A=1\nexport B=1\n}\nfunction two {\nexport C=1\n}\nthree()\n{\nexport D=1\n}\ncat <<EOF\nexport E=1\nEOF\ncat <<-"END"\nexport F=1\n\tEND\nfour() { export G=1; }\nexport LAST=1\n'
    expect(exportsOf(text)).toEqual({ LAST: '1' })
  })

  test('braces in words and strings do not hide what follows', () => {
    expect(exportsOf('f() {\n  echo "{" ${X} \'}\'\n  if true; then { echo; }; fi\n}\nexport A=1\n')).toEqual({
      A: '1',
    })
  })
})

test('README metadata, as people write them', () => {
  const readme =
    '# App\n<!-- metadata -->\n\n* **Category**: Apps\n* **Status**: 3, stable\n- **Image**: [`x`](https://x.example/y:z), 4, upstream\n* Email : ?\n* **SSO**:\n\n<!-- endmetadata -->\n* **Not**: this'
  expect(Object.fromEntries(readMetadata(readme) ?? [])).toEqual({
    Category: 'Apps',
    Status: '3, stable',
    Image: '[`x`](https://x.example/y:z), 4, upstream',
    Email: '?',
    SSO: '',
  })
  expect(readMetadata('# App')).toBeNull()
})

test('a tree without anything reads as empty', async () => {
  const tree = await readTree(await folder({}))
  expect(tree.env.entries).toEqual([])
  expect(tree.abraExports.size).toBe(0)
  expect(tree.metadata).toBeNull()
})

test.each([
  ['binary', new Uint8Array([65, 0, 66]), 'file-not-text'],
  ['huge', new Uint8Array(1024 * 1024 + 1).fill(65), 'file-too-big'],
])('.env.sample that is %s is refused', async (_what, content, code) => {
  await expect(readTree(await folder({ '.env.sample': content }))).rejects.toMatchObject({
    code,
    errors: [{ where: { file: '.env.sample' } }],
  })
})

test('.env.sample that leads out of the recipe is refused', async () => {
  const dir = await folder({})
  await symlink('/etc/hostname', join(dir, '.env.sample'))
  await expect(readTree(dir)).rejects.toMatchObject({ code: 'file-outside' })
})

test.each([
  ['that leads nowhere', 'not-there', /is a link to something that is not there/],
  ['to itself', '.env.sample', /is a link that leads back to itself/],
  ['to a file below a file', 'compose.yml/x', /cannot be read: ENOTDIR/],
])('.env.sample that is a link %s is an error of the recipe', async (_where, target, says) => {
  const dir = await folder({ 'compose.yml': 'x' })
  await symlink(target, join(dir, '.env.sample'))
  await expect(readTree(dir)).rejects.toMatchObject({
    exitCode: 2,
    errors: [
      { code: 'file-unreadable', message: expect.stringMatching(says) as unknown, where: { file: '.env.sample' } },
    ],
  })
})

test('the app environment: sample, then abra.sh, then overrides', async () => {
  const tree = await readTree(await folder({ '.env.sample': 'A=1\nB=1\nC=1\n', 'abra.sh': 'export B=2\nexport C=2\n' }))
  expect(Object.fromEntries(appEnv(tree, { C: '3' }))).toEqual({ A: '1', B: '2', C: '3' })
})

test('the stack name', () => {
  expect(stackName('my-app.example.com')).toBe('my-app_example_com')
  expect(stackName(`${'a'.repeat(60)}.example.com`)).toBe('a'.repeat(45))
  expect(stackName('a.b', new Map([['STACK_NAME', 'own']]))).toBe('own')
})

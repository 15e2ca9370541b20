import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Masker } from '../../src/lib/mask.ts'
import { runFolder } from '../../src/lifecycle/run-folder.ts'
import { scanForSecrets } from '../../src/lifecycle/secret-scan.ts'
import { type Files, folder } from '../recipe/throwaway.ts'

const ID = '20261123-191254-k3f9qa'
const SECRET = 'correct horse battery'

async function scanned(files: Files) {
  const named = Object.entries({ 'logs/app.log': '', 'artifacts/a.txt': '', 'events.ndjson': '', ...files })
  const state = await folder(Object.fromEntries(named.map(([name, text]) => [`runs/${ID}/${name}`, text])))
  const run = runFolder(state, ID)
  const masker = new Masker()
  masker.add(SECRET)
  return { result: scanForSecrets(run, masker), read: (name: string) => readFileSync(join(run.dir, name), 'utf8') }
}

test('what is clean stays as it is', async () => {
  const { result, read } = await scanned({ 'logs/app.log': 'correct horse\n' })
  expect(result).toEqual({ files: 3, leaks: [] })
  expect(read('logs/app.log')).toBe('correct horse\n')
})

test('a secret is masked wherever text is kept, and its file is named', async () => {
  const { result, read } = await scanned({
    'logs/db.log': `before ${SECRET} after\n`,
    'artifacts/deep/er/page.html': `<p>${encodeURIComponent(SECRET)}</p>`,
    'artifacts/junit.xml': Buffer.from(`user:${SECRET}`).toString('base64'),
    'events.ndjson': `{"text":"${SECRET}"}\n`,
  })
  expect(result.files).toBe(6)
  expect([...result.leaks].sort()).toEqual([
    'artifacts/deep/er/page.html',
    'artifacts/junit.xml',
    'events.ndjson',
    'logs/db.log',
  ])
  expect(read('logs/db.log')).toBe('before *** after\n')
  expect(read('artifacts/deep/er/page.html')).toBe('<p>***</p>')
  expect(read('events.ndjson')).toBe('{"text":"***"}\n')
  expect(Buffer.from(read('artifacts/junit.xml'), 'base64').toString()).not.toContain('horse')
})

test('a picture is not text: it is left alone', async () => {
  const { result, read } = await scanned({ 'artifacts/page.png': SECRET })
  expect(result).toEqual({ files: 3, leaks: [] })
  expect(read('artifacts/page.png')).toBe(SECRET)
})

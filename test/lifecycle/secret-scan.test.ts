import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readZip, writeZip } from '../../src/lib/files/zip.ts'
import { Masker } from '../../src/lib/masking/mask.ts'
import { maskAs } from '../../src/lifecycle/masked-file.ts'
import { runFolder } from '../../src/lifecycle/run-folder.ts'
import { scanForSecrets } from '../../src/lifecycle/secret-scan.ts'
import { type Files, folder } from '../recipe/throwaway.ts'

const ID = '20261123-191254-k3f9qa'
const SECRET = 'correct horse battery'
const PICTURE = Buffer.from('\x89PNG\r\n\x1a\n\0\0', 'latin1')

async function scanned(files: Files) {
  const named = Object.entries({ 'logs/app.log': '', 'artifacts/a.txt': '', 'events.ndjson': '', ...files })
  const state = await folder(Object.fromEntries(named.map(([name, text]) => [`runs/${ID}/${name}`, text])))
  const run = runFolder(state, ID)
  const masker = new Masker()
  masker.add(SECRET)
  const bytes = (name: string) => readFileSync(join(run.dir, name))
  const read = (name: string, encoding: BufferEncoding = 'utf8') => bytes(name).toString(encoding)
  return { result: scanForSecrets(run, masker), bytes, read }
}

test('what is clean stays as it is', async () => {
  const { result, read } = await scanned({ 'logs/app.log': 'correct horse\n' })
  expect(result).toEqual({ files: 3, leaks: [], notLooked: [] })
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

test.each(['x.yml', 'x.csv', 'x.har', 'x.svg', 'x', 'x.bin'])(
  'a text is a text whatever it is called: %s',
  async (name) => {
    const { result, read } = await scanned({ [`artifacts/${name}`]: `a ${SECRET}\n` })
    expect(result).toMatchObject({ leaks: [`artifacts/${name}`], notLooked: [] })
    expect(read(`artifacts/${name}`)).toBe('a ***\n')
  },
)

test('a text that is not UTF-8 keeps its bytes', async () => {
  const { read } = await scanned({ 'logs/old.log': Buffer.from(`caf\xe9 ${SECRET}`, 'latin1') })
  expect(read('logs/old.log', 'latin1')).toBe('caf\xe9 ***')
})

test('an archive is unpacked: its texts are masked, what its directory does not list goes, and pictures in it are told', async () => {
  const zip = writeZip([
    { name: 'trace.network', content: Buffer.from(`{"text":"${SECRET}"}`) },
    { name: 'resources/a.jpeg', content: PICTURE },
  ])
  const { result, bytes } = await scanned({ 'artifacts/t/trace.zip': zip })
  expect(result).toEqual({
    files: 4,
    leaks: ['artifacts/t/trace.zip'],
    notLooked: [{ file: 'artifacts/t/trace.zip', why: 'within' }],
  })
  const entries = readZip(bytes('artifacts/t/trace.zip'), { maxBytes: 1000, maxEntries: 10 })
  expect(entries?.map(({ name, content }) => [name, content.toString('latin1')])).toEqual([
    ['trace.network', '{"text":"***"}'],
    ['resources/a.jpeg', PICTURE.toString('latin1')],
  ])
})

test('of an archive nothing stays that its directory does not list', async () => {
  const zip = writeZip([{ name: 'a.txt', content: Buffer.from('x') }])
  const commented = Buffer.concat([zip.subarray(0, -2), Buffer.from([6, 0]), Buffer.from('hidden')])
  const { result, bytes } = await scanned({ 'artifacts/a.zip': commented })
  expect(result).toMatchObject({ leaks: [], notLooked: [] })
  expect(bytes('artifacts/a.zip').equals(zip)).toBe(true)
})

test('what cannot be looked into is told with its reason, and does not count', async () => {
  const { result, read } = await scanned({
    'artifacts/page.png': Buffer.concat([PICTURE, Buffer.from(SECRET)]),
    'artifacts/data.sqlite': Buffer.from(`SQLite\0${SECRET}`),
    'artifacts/broken.zip': Buffer.from(`PK\x03\x04${SECRET}`),
  })
  expect(result).toEqual({
    files: 3,
    leaks: [],
    notLooked: [
      { file: 'artifacts/broken.zip', why: 'archive' },
      { file: 'artifacts/data.sqlite', why: 'binary' },
      { file: 'artifacts/page.png', why: 'picture' },
    ],
  })
  expect(read('artifacts/page.png')).toContain(SECRET)
})

test('in JSON a number stays one', () => {
  const hide = (text: string) => text.replaceAll('471123', '***')
  expect(maskAs('a.json', '{"a":471123,"b":"x 471123"}', hide)).toBe('{"a":471123,"b":"x ***"}')
  expect(maskAs('a.log', 'a 471123', hide)).toBe('a ***')
})

// cspell:ignore nosniff frequest fetc fpasswd
import { link, mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { pruneRuns } from '../../../src/history/retention/prune.ts'
import { generateRun, PRUNABLE } from '../../history/retention/generated.ts'
import { type HttpBench, httpBench } from './bench.ts'

let bench: HttpBench
let id = ''
let folder = ''
beforeAll(async () => {
  bench = await httpBench()
  id = (await bench.ask()).id
  folder = join(bench.settings.state, 'runs', id)
  await writeFile(join(bench.settings.state, 'outside.txt'), 'outside')
})

const get = (path: string) => bench.app.request(`/runs/${id}/files/${path}`)

test.each([
  ['results.json', '{"a":1}', 'application/json; charset=utf-8'],
  ['report.html', '<h1>x</h1>', 'text/html; charset=utf-8'],
  ['events.ndjson', '{}\n', 'text/plain; charset=utf-8'],
  ['logs/app.log', 'ä\n', 'text/plain; charset=utf-8'],
  ['artifacts/evil.html', '<script>1</script>', 'text/plain; charset=utf-8'],
  ['artifacts/evil.svg', '<svg/>', 'text/plain; charset=utf-8'],
  ['artifacts/trace/x.json', '{}', 'application/json; charset=utf-8'],
  ['artifacts/empty.txt', '', 'text/plain; charset=utf-8'],
])('%s is served as it is', async (path, text, type) => {
  await bench.file(id, path, text)
  const answer = await get(path)
  expect([answer.status, await answer.text()]).toEqual([200, text])
  expect(answer.headers.get('content-type')).toBe(type)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(answer.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/)
})

test('a picture comes byte for byte, also into pages of the forge', async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7) % 256)
  await bench.file(id, 'artifacts/shot.png', bytes)
  const answer = await get('artifacts/shot.png')
  expect(answer.headers.get('content-type')).toBe('image/png')
  expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  await bench.file(id, 'results.json', '{}')
  expect((await get('results.json')).headers.get('cross-origin-resource-policy')).toBe('same-origin')
  expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), bytes)).toBe(0)
})

test('whoever asks for the headers alone, or hangs up, leaves no file open', async () => {
  const file = await bench.file(id, 'logs/long.log', 'a line of some length\n'.repeat(50_000))
  const head = () => bench.app.request(`/runs/${id}/files/logs/long.log`, { method: 'HEAD' })
  const answers = await Promise.all(Array.from({ length: 20 }, head))
  expect(answers.map(({ status, body }) => [status, body])).toEqual(answers.map(() => [200, null]))
  for (const answer of await Promise.all(Array.from({ length: 20 }, () => get('logs/long.log')))) {
    await answer.body?.cancel()
  }
  await expect.poll(() => timesOpen(file)).toBe(0)
})

test('what was pruned is gone, and what never was is not found', async () => {
  const { id: run } = await bench.ask()
  const { state } = bench.settings
  generateRun(state, { id: run, files: { ...PRUNABLE, 'outcome.json': '{}' } })
  await pruneRuns({ state, policy: { olderThanMs: 0, maxBytes: null }, clock: { now: () => Date.now() + 1000 } })
  const ask = async (path: string) => {
    const answer = await bench.app.request(`/runs/${run}/files/${path}`)
    return [answer.status, await answer.text()]
  }
  for (const path of ['report.html', 'logs/app.1.log', 'artifacts/install.png'])
    expect(await ask(path)).toEqual([410, expect.stringMatching(/pruned on \d{4}-\d\d-\d\d to save disk/)])
  for (const path of ['logs/app.2.log', 'artifacts/upgrade.png', 'checkout/compose.yml'])
    expect(await ask(path)).toEqual([404, expect.stringContaining('no-such-file')])
  expect((await ask('results.json'))[0]).toBe(200)
  const headers = { accept: 'text/html' }
  const page = await (await bench.app.request(`/runs/${run}/files/report.html`, { headers })).text()
  expect(page).toContain('Not here any more')
})

async function timesOpen(file: string): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return (await Promise.all(links)).filter((path) => path === file).length
}

describe('nothing else is served', () => {
  const up = ['..', '%2e%2e', '%252e%252e', '.%2e', '..%2f..', '..%5c..', '....//..', '%c0%ae%c0%ae', '..;']
  const corpus = up.flatMap((dots) => [
    `${dots}/outside.txt`,
    `${dots}/${dots}/outside.txt`,
    `logs/${dots}/${dots}/${dots}/outside.txt`,
    `artifacts/${dots}/request.json`,
    `artifacts/${dots}%2frequest.json`,
    `/${dots}/outside.txt`,
  ])
  test.each([
    ...corpus,
    ...['request.json', 'outcome.json', '', '.', 'artifacts', 'artifacts/', 'artifacts/.hidden', '/etc/passwd'],
    ...['%2fetc%2fpasswd', 'artifacts/a%00.png', 'logs/a.log%00', 'logs/a.txt', 'tmp/x', 'checkout/compose.yml'],
  ])('%s', async (path) => {
    const answer = await get(path)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(await answer.text()).not.toMatch(/outside|root:|coop-cloud/)
  })

  test('through links, of files or folders', async () => {
    await mkdir(join(folder, 'artifacts'), { recursive: true })
    await mkdir(join(folder, 'real'), { recursive: true })
    await writeFile(join(folder, 'real', 'x.txt'), 'outside')
    await symlink(join(bench.settings.state, 'outside.txt'), join(folder, 'artifacts', 'link.txt'))
    await symlink('/etc', join(folder, 'artifacts', 'etc'))
    await symlink('../real', join(folder, 'artifacts', 'near'))
    await mkdir(join(folder, 'artifacts', 'folder.txt'))
    for (const path of ['link.txt', 'etc/passwd', 'near/x.txt', 'folder.txt']) {
      expect((await get(`artifacts/${path}`)).status).toBe(404)
    }
    await link(join(bench.settings.state, 'outside.txt'), join(folder, 'artifacts', 'hard.txt'))
    expect((await get('artifacts/hard.txt')).status).toBe(404)
  })

  test('of a run that nobody knows', async () => {
    for (const run of ['20260101-000000-aaaaaa', '..', '%2e%2e', 'x']) {
      expect((await bench.app.request(`/runs/${run}/files/results.json`)).status).toBe(404)
    }
  })
})

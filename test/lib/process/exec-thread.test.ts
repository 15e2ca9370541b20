import { execPath } from 'node:process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exec, setSpawner } from '../../../src/lib/process/exec.ts'
import { ExecThread } from '../../../src/lib/process/exec-thread.ts'

const thread = new ExecThread()
beforeAll(() => setSpawner(thread.exec))
afterAll(async () => {
  setSpawner(null)
  await thread[Symbol.asyncDispose]()
})

const node = (code: string, options = {}) => exec(execPath, ['-e', code], { timeoutMs: 20_000, ...options })

test('a program started by the thread is as one that is started here', async () => {
  const lines: string[] = []
  const code =
    'process.stdin.on("data", d => { console.log(String(d) + process.env.A); console.error("b"); process.exitCode = 3 })'
  const options = { input: 'in ', env: { A: 'env' }, onLine: (line: string) => lines.push(line) }
  expect(await node(code, options)).toEqual({ exitCode: 3, stdout: 'in env\n', stderr: 'b\n', timedOut: false })
  expect(lines.sort()).toEqual(['b', 'in env'])
})

test('what is missing, late or called off is told as ever', async () => {
  await expect(exec('no-such-program', [], { timeoutMs: 5_000 })).rejects.toMatchObject({
    code: 'program-missing',
    blame: 'infra',
    hint: expect.stringContaining('Install no-such-program'),
  })
  expect(await node('setInterval(() => {}, 1000)', { timeoutMs: 300 })).toMatchObject({
    exitCode: null,
    timedOut: true,
  })
  const stop = new AbortController()
  const asked = node('console.log(1); setInterval(() => {}, 1000)', {
    signal: stop.signal,
    onLine: () => stop.abort(new Error('no longer wanted')),
  })
  await expect(asked).rejects.toThrow('no longer wanted')
  await expect(node('1', { signal: stop.signal })).rejects.toThrow('no longer wanted')
})

test('a thread that ends costs what was under way, and the next program has another one', async () => {
  const asked = node('console.log(1); setTimeout(() => {}, 2000)', {
    timeoutMs: 3_000,
    onLine: () => void thread[Symbol.asyncDispose](),
  })
  await expect(asked).rejects.toMatchObject({ code: 'program-failed' })
  expect(await node('console.log(2)')).toMatchObject({ exitCode: 0, stdout: '2\n' })
})

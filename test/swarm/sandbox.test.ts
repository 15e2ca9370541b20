import { execFile } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import { takeLedger } from '../../src/engine/ledger.ts'
import { removeStack } from '../../src/engine/removal.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { CancelledError } from '../../src/lib/errors.ts'
import { nothingLeft, sandboxOptions, scratchSandbox } from './support/scratch-sandbox.ts'

const engine = await Engine.connect()

const ASK = `import { connect } from 'node:net'
const socket = connect(process.env.CC_CI_RPC)
socket.on('data', (chunk) => { console.log(String(chunk).trim()); process.exit(0) })
socket.write(JSON.stringify({ id: 1, method: process.argv[2], params: process.argv[3] }) + '\\n')
`

describe('a sandbox', () => {
  test('runs code of the recipe, answers its requests and gives back what it leaves', async () => {
    await using box = await scratchSandbox(
      engine,
      sandboxOptions({
        'ask.mjs': ASK,
        'tests/deep/a.ts': 'const twice = (n: number): number => n * 2\nconsole.log(twice(21), process.cwd())\n',
      }),
    )
    const lines: string[] = []
    const typed = await box.run(['node', '/code/recipe/tests/deep/a.ts'], { onLine: (line) => lines.push(line) })
    expect(typed).toEqual({ exitCode: 0, timedOut: false, outOfMemory: false, output: '42 /\n' })
    expect(lines).toEqual(['42 /'])

    const handlers = { shout: async (params: unknown) => String(params).toUpperCase() }
    const asked = await box.run(['node', '/code/recipe/ask.mjs', 'shout', 'hello'], { handlers })
    expect(asked.output).toBe('{"id":1,"result":"HELLO"}\n')
    const unknown = await box.run(['node', '/code/recipe/ask.mjs', 'shout', 'hello'])
    expect(unknown.output).toBe(
      '{"id":1,"error":{"code":"unknown-method","message":"there is no method \\"shout\\""}}\n',
    )

    await box.run(['sh', '-c', LEAVE])
    const into = join(box.dir, 'fetched')
    const limits = { maxBytes: 1024 * 1024, maxFiles: 10 }
    const fetched = await box.sandbox.fetch('/artifacts', into, limits)
    const long = `${'d'.repeat(120)}/${'f'.repeat(150)}`
    expect({ ...fetched, files: [...fetched.files].sort() }).toEqual({
      files: ['a/hard.txt', 'a/one.txt', long].sort(),
      truncated: false,
    })
    expect(readFileSync(join(into, 'a/one.txt'), 'utf8')).toBe('one\n')
    expect(readFileSync(join(into, long), 'utf8')).toBe('long\n')
    expect(readdirSync(join(into, 'a')).every((name) => lstatSync(join(into, 'a', name)).isFile())).toBe(true)
    const some = await box.sandbox.fetch('/artifacts', join(box.dir, 'less'), { ...limits, maxFiles: 1 })
    expect(some).toMatchObject({ files: [expect.any(String)], truncated: true })
  }, 300_000)

  test('ends a program at its deadline, when it is told to stop, and with the sandbox', async () => {
    const options = sandboxOptions()
    await using box = await scratchSandbox(engine, options)
    const polite = await box.run(
      ['bash', '-c', 'exec 2>/dev/null; trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.1; done'],
      {
        timeoutMs: 1000,
      },
    )
    expect(polite).toMatchObject({
      exitCode: null,
      timedOut: true,
      output: 'up\nbye\n',
    })

    const stop = new AbortController()
    const stopped = box.run(FOREVER, { signal: stop.signal, onLine: () => stop.abort(new CancelledError()) })
    const next = box.run(['sh', '-c', 'ps -u 1000 -o args='])
    await expect(stopped).rejects.toBeInstanceOf(CancelledError)
    expect((await next).output).not.toContain('sleep')

    const removed: Promise<unknown>[] = []
    const remove = () => void removed.push(engine.objects.removeContainer(`${options.prefix}_ccci-sandbox`))
    await expect(box.run(FOREVER, { onLine: remove })).rejects.toMatchObject({ code: 'sandbox-lost' })
    await Promise.all(removed)
    await expect(box.run(['true'])).rejects.toMatchObject({ code: 'sandbox-lost' })
    await box.sandbox.close()
    await box.sandbox.close()
  }, 300_000)

  test.each([150, 400, 700, 1100, 1600])(
    'that dies with its harness after %i ms leaves only what the ledger finds',
    async (ms) => {
      const { dir, ...options } = sandboxOptions()
      const script = `import { Engine } from ${source('engine/client.ts')}
import { openSandbox } from ${source('sandbox/open.ts')}
const engine = await Engine.connect()
console.log('begun')
await openSandbox(engine, { ...${JSON.stringify(options)}, log() {}, signal: new AbortController().signal })
setInterval(() => {}, 1000)`
      const child = execFile(process.execPath, ['--input-type=module', '--eval', script])
      await new Promise((resolve) => child.stdout?.once('data', resolve))
      await delay(ms)
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('exit', resolve))
      await delay(1000)
      rmSync(dir, { recursive: true, force: true })
      const { left } = await removeStack(engine, { ...options, timeoutMs: 60_000 })
      expect(left.entries()).toEqual([])
      await nothingLeft(engine, options as never)
      expect((await takeLedger(engine, options)).total).toBe(0)
    },
  )

  test('that is told to stop while it opens leaves nothing', async () => {
    const stop = new AbortController()
    const options = { ...sandboxOptions(), signal: stop.signal }
    const opening = scratchSandbox(engine, options)
    await begun(options.prefix)
    stop.abort(new CancelledError())
    await expect(opening).rejects.toBeInstanceOf(CancelledError)
    rmSync(options.dir, { recursive: true, force: true })
    await nothingLeft(engine, options)
  })
})

const FOREVER = ['sh', '-c', 'echo up; sleep 600']

const LEAVE = `cd /artifacts && mkdir -p a && echo one > a/one.txt && ln a/one.txt a/hard.txt
ln -s /etc/passwd a/link && ln -s /etc folder && mkfifo a/pipe && ln -s ../../../../etc up
printf x > "a/$(printf 'new\\nline')" && printf x > 'a/back\\slash'
mkdir ${'d'.repeat(120)} && echo long > ${'d'.repeat(120)}/${'f'.repeat(150)}`

/** Resolves when the container is there. */
async function begun(prefix: string): Promise<void> {
  const look = async () =>
    (await engine.container(`${prefix}_ccci-sandbox`))
      ? ({ state: 'ready', value: null } as const)
      : ({ state: 'waiting', reason: 'no container yet' } as const)
  await waitFor(look, { name: 'the container', timeoutMs: 60_000, everyMs: 20 })
}

function source(path: string): string {
  return JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href)
}

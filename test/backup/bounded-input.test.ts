import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { withBoundedInput } from '../../src/backup/bounded-input.ts'
import { openToolbox } from '../../src/backup/toolbox.ts'

/** Runs argv with this input and never says that it ended. */
async function withoutEnd(argv: readonly string[], input: string, path = process.env.PATH) {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { env: { PATH: path }, stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.write(input)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const out = await text(child.stdout)
  const exitCode = await ended
  child.stdin.destroy()
  return { out, exitCode }
}

test.each([
  ['', ['cat'], ''],
  ['naïve\0bytes\n', ['cat'], 'naïve\0bytes\n'],
  ['x'.repeat(300_000), ['cat'], 'x'.repeat(300_000)],
  ['a b', ['sh', '-c', 'printf "%s|" "$@"; cat', 'name', 'two words', "it's"], "two words|it's|a b"],
])('a program meets the end of its input without being told: %j', async (input, argv, out) => {
  expect(await withoutEnd(withBoundedInput(argv, input), input)).toEqual({ out, exitCode: 0 })
})

test('its exit code is that of the program', async () => {
  expect((await withoutEnd(withBoundedInput(['sh', '-c', 'cat >/dev/null; exit 7'], 'x'), 'x')).exitCode).toBe(7)
  expect((await withoutEnd(withBoundedInput(['/no/such/program'], 'x'), 'x')).exitCode).toBe(127)
})

test('the toolbox gives its programs such an end, and leaves alone what has no input', async () => {
  const asked: (readonly string[])[] = []
  const engine = {
    runContainer: async () => 'c',
    removeContainer: async () => {},
    createVolume: async () => {},
    removeVolume: async () => {},
    pipe: async () => ({ exitCode: 0, stderr: '' }),
    listVolumes: async () => [],
    async exec(_container: string, argv: readonly string[]) {
      asked.push(argv)
      return { exitCode: 0, stdout: '', stderr: '' }
    },
  }
  const toolbox = await openToolbox(engine, { image: 'i', app: { runId: 'r', stack: 's' }, mask: (words) => words })
  await toolbox.run(['cat'], { timeoutMs: 1000, stdin: 'four' })
  await toolbox.exec(['cat'], { timeoutMs: 1000, stdin: '' })
  await toolbox.run(['true'], { timeoutMs: 1000 })
  expect(asked).toEqual([withBoundedInput(['cat'], 'four'), withBoundedInput(['cat'], ''), ['true']])
})

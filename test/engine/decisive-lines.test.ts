import { expect, test } from 'vitest'
import type { LogOptions } from '../../src/engine/client.ts'
import { decisiveLines } from '../../src/engine/convergence/decisive-lines.ts'
import { container, failed, service, snapshot, task } from './seen.ts'
import { at } from './stack-look.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

type Logs = Parameters<typeof decisiveLines>[0]

/** An engine that has the logs of these containers on this node, and those of these tasks by way of the Swarm. */
function logs(containers: Readonly<Record<string, string>>, tasks: Readonly<Record<string, string>> = {}) {
  const asked: { of: string; options: LogOptions | undefined }[] = []
  const said = (of: string, text: string | undefined, options?: LogOptions) => {
    asked.push({ of, options })
    if (text === undefined) throw new Error(`${of} has no log`)
    return text
  }
  const engine: Logs = {
    container: async (id) => (id in containers ? container(id) : null),
    containerLogs: async (id, options) => said(`container ${id}`, containers[id], options),
    taskLogs: async (id, options) => said(`task ${id}`, tasks[id], options),
  }
  return { engine, asked }
}

const loop = [10, 20, 30].map((second) =>
  failed('app', second, { containerId: `c${second}`, error: 'task: non-zero exit (1)' }),
)

test('shows how tasks ended and when, and the last words of the last one', async () => {
  const { engine } = logs({ c30: 'starting\n\n  \nno database\n' })
  expect(await decisiveLines(engine, snapshot({ tasks: loop }), 'app', loop)).toEqual([
    `task app-10 failed exit 1 at ${at(11).slice(0, 23)}: task: non-zero exit (1)`,
    `task app-20 failed exit 1 at ${at(21).slice(0, 23)}: task: non-zero exit (1)`,
    `task app-30 failed exit 1 at ${at(31).slice(0, 23)}: task: non-zero exit (1)`,
    'log: starting',
    'log: no database',
  ])
})

test('says once what a program said again and again, so that the line before it is still seen', async () => {
  const again = Array.from({ length: 40 }, (_, n) => `2026-11-29 09:00:${n} no route to db, try ${n}`)
  const { engine } = logs({ c30: `access denied for user app\n${again.join('\n')}\n` })
  const lines = await decisiveLines(engine, snapshot({ tasks: loop }), 'app', loop)
  expect(lines.filter((line) => line.startsWith('log'))).toEqual([
    'log: access denied for user app',
    `log: ${again.at(-1)}`,
    'log: … 39 more like this',
  ])
})

test('shows the error of a program that then shuts down in order, and no colours', async () => {
  const down = ['server', 'jobs', 'mail', 'cache', 'metrics', 'tracing', 'database', 'events', 'sessions', 'uploads']
  const steps = down.flatMap((part) => [`stopping ${part}`, `${part} is down`])
  const log = [
    'ready',
    '\u001b[31mError: insert into notes',
    "  sqlMessage: \"Table 'app.notes' doesn't exist\"\u001b[39m",
    '\u001b[39m',
    '}',
  ]
  const { engine } = logs({ c30: [...log, ...steps].join('\n') })
  const lines = await decisiveLines(engine, snapshot({ tasks: loop }), 'app', loop)
  expect(lines.filter((line) => line.startsWith('log'))).toEqual([
    'log: Error: insert into notes',
    "log:   sqlMessage: \"Table 'app.notes' doesn't exist\"",
    ...steps.slice(-13).map((line) => `log: ${line}`),
  ])
})

test('shows what a framed notice says, and the lines before it, not the frame', async () => {
  const frame = ['   ╭────────╮', '   │        │', '   │  New!  │', '   │        │', '   ╰────────╯'].join('\n')
  const { engine } = logs({ c30: `migrating\n${frame}\n---\n    at start (/app/main.js:1)\n` })
  const lines = await decisiveLines(engine, snapshot({ tasks: loop }), 'app', loop)
  expect(lines.filter((line) => line.startsWith('log'))).toEqual([
    'log: migrating',
    'log: New!',
    'log:     at start (/app/main.js:1)',
  ])
})

test('shows signs where a program says nothing else', async () => {
  const lines = await decisiveLines(logs({ c30: '\n!!!\n' }).engine, snapshot({ tasks: loop }), 'app', loop)
  expect(lines.filter((line) => line.startsWith('log'))).toEqual(['log: !!!'])
})

test('takes all tasks of the service where none is named, and nothing of another service', async () => {
  const tasks = [...loop.slice(0, 1), failed('db', 15), task('app', { id: 'now' })]
  const lines = await decisiveLines(logs({}).engine, snapshot({ tasks }), 'app', [])
  expect(lines.filter((line) => line.startsWith('task')).map((line) => line.split(' ')[1])).toEqual(['app-10', 'now'])
})

test('has nothing to show of a service that is not there, or of none', async () => {
  const { engine, asked } = logs({})
  for (const name of ['gone', undefined])
    expect(await decisiveLines(engine, snapshot({ tasks: loop }), name, [])).toEqual([])
  expect(asked).toEqual([])
})

test('shows at most the last six tasks, an exit code only of an ended one, and a memory kill', async () => {
  const many = [10, 11, 12, 13, 14, 15].map((second) => failed('app', second))
  const oom = task('app', {
    id: 'x'.repeat(25),
    state: 'failed',
    exitCode: 137,
    containerId: 'c',
    since: `${at(40).slice(0, 23)}123Z`,
  })
  const running = task('app', { id: 'now', exitCode: 0 })
  const tasks = [...many, oom, running]
  const containers = [container('c', { oomKilled: true })]
  const lines = await decisiveLines(logs({ c: '' }).engine, snapshot({ tasks, containers }), 'app', tasks)
  expect(lines.slice(0, -1)).toEqual([
    ...[12, 13, 14, 15].map((second) => `task app-${second} failed exit 1 at ${at(second + 1).slice(0, 23)}`),
    `task ${'x'.repeat(12)} failed exit 137 out of memory at ${at(40).slice(0, 23)}`,
    `task now running at ${at(11).slice(0, 23)}`,
  ])
  const unknown = failed('app', 10, { exitCode: null })
  expect(await decisiveLines(logs({}).engine, snapshot({ tasks: [unknown] }), 'app', [])).toEqual([
    `task app-10 failed at ${at(11).slice(0, 23)}`,
  ])
})

test('shows the update status first', async () => {
  const update = { state: 'paused', startedAt: null, message: 'update paused due to failure' } as const
  const services = [service('app', { update })]
  const lines = await decisiveLines(logs({}).engine, snapshot({ services, tasks: [task('app')] }), 'app', [])
  expect(lines).toEqual([
    'update status: paused update paused due to failure',
    expect.stringContaining('task app-task'),
  ])
  const silent = [service('app', { update: { ...update, message: '' } })]
  expect(await decisiveLines(logs({}).engine, snapshot({ services: silent }), 'app', [])).toEqual([
    'update status: paused',
  ])
})

test('shows the last three health probes of the task whose log is shown, each as one line', async () => {
  const health = { status: 'unhealthy', failingStreak: 4, log: ['1', '2', 'refused\nby\npeer', '4'] }
  const tasks = [failed('app', 10, { containerId: 'c' }), task('app', { id: 'next', state: 'pending' })]
  const containers = [container('c', { health })]
  const lines = await decisiveLines(logs({ c: 'bye' }).engine, snapshot({ tasks, containers }), 'app', tasks)
  expect(lines.slice(2)).toEqual(['health probe: 2', 'health probe: refused by peer', 'health probe: 4', 'log: bye'])
})

test('reads the log by way of the Swarm when the container is not here, and says when there is none', async () => {
  const tasks = [failed('app', 10, { containerId: 'elsewhere' })]
  const said = async (...args: Parameters<typeof logs>) =>
    (await decisiveLines(logs(...args).engine, snapshot({ tasks }), 'app', tasks)).slice(1)
  expect(await said({}, { 'app-10': 'from afar' })).toEqual(['log: from afar'])
  expect(await said({ elsewhere: '\n \n' })).toEqual(['log: (nothing)'])
  expect(await said({})).toEqual(['log unavailable: task app-10 has no log'])
})

test('asks for a short log only, shows its last 15 lines, and cuts long ones', async () => {
  const text = [...Array.from({ length: 20 }, (_, line) => `line ${LETTERS[line]}`), 'y'.repeat(600)].join('\n')
  const { engine, asked } = logs({ c10: text })
  const lines = await decisiveLines(engine, snapshot({ tasks: loop }), 'app', loop.slice(0, 1))
  expect(lines.slice(1)).toHaveLength(15)
  expect(lines[1]).toBe('log: line g')
  expect(lines.at(-1)).toBe(`log: ${'y'.repeat(495)}`)
  expect(asked).toEqual([{ of: 'container c10', options: { tail: 200, timeoutMs: 5000, maxBytes: 262_144 } }])
})

import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newRunId } from '../../src/lib/ids.ts'
import { inheritedEnv } from '../../src/lib/process/exec.ts'
import { LAUNCHER, openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine, type Started, untilEvent } from './started.ts'

/** A run under a supervisor, which is gone when `leave` is called: all pipes close at once. */
function supervise(workshop: Workshop, args: readonly string[]): Started & { leave(): void } {
  const child = spawn(LAUNCHER, ['test', '--supervised', ...args], {
    ...{ cwd: workshop.dir, stdio: 'pipe' },
    env: { ...inheritedEnv(), CC_CI_STATE: workshop.state, NO_COLOR: '1' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return {
    output: () => output,
    kill: (signal) => child.kill(signal),
    exited: new Promise((resolve) => child.on('exit', (code) => resolve(code))),
    leave: () => [child.stdin, child.stdout, child.stderr].forEach((stream) => void stream.destroy()),
  }
}

function reserved(workshop: Workshop): { id: string; dir: string } {
  const id = newRunId(Date.now())
  const dir = join(workshop.state, 'runs', id)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'request.json'), '{}')
  return { id, dir }
}

describe('a run of a server', () => {
  it('has the id and the folder it was given, and the origin of the clone, once', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('healthy')
    const { id, dir } = reserved(workshop)
    const args = [
      recipe,
      '--only',
      'lint',
      '--run-id',
      id,
      '--origin',
      'https://user:pw@git.example.org/coop-cloud/app',
    ]
    const { results } = await workshop.test(args)
    expect(results.run.id).toBe(id)
    expect(results.recipe.origin).toBe('https://git.example.org/coop-cloud/app')
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(['request.json', 'results.json']))
    const again = await workshop.run(['test', ...args])
    expect(again.exitCode).toBe(2)
    expect(again.stderr).toContain(`run ${id} has begun already`)
  })

  it('that cannot be planned leaves its request alone', async () => {
    await using workshop = openWorkshop()
    const { id, dir } = reserved(workshop)
    const done = await workshop.run(['test', workshop.dir, '--run-id', id])
    expect(done.exitCode).toBe(2)
    expect(readdirSync(dir)).toEqual(['request.json'])
  })

  it.each([
    ['--run-id', '../elsewhere'],
    ['--quick', '--only=lint'],
    ['--quick', '--attach=last'],
  ])('is refused with %s %s', async (...args) => {
    await using workshop = openWorkshop()
    const done = await workshop.run(['test', workshop.dir, ...args])
    expect(done.exitCode, done.stderr).toBe(2)
  })
})

describe('a run whose supervisor is gone', () => {
  it('takes the app down and proves it', async () => {
    await using workshop = openWorkshop()
    const { id, dir } = reserved(workshop)
    const run = supervise(workshop, [await workshop.recipe('healthy'), '--run-id', id])
    await untilEvent(workshop, run, 'image')
    run.leave()
    expect(await run.exited, run.output()).toBe(143)
    expect(await leftOnEngine(workshop)).toEqual([])
    const results = JSON.parse(readFileSync(join(dir, 'results.json'), 'utf8'))
    expect(results.run.interrupted).toBe('SIGTERM')
    expect(results.flags.cleanTeardown).toBe(true)
  })

  it('does not begin', async () => {
    await using workshop = openWorkshop()
    const { id, dir } = reserved(workshop)
    const run = supervise(workshop, [await workshop.recipe('healthy'), '--run-id', id])
    run.leave()
    expect(await run.exited, run.output()).toBe(143)
    expect(readdirSync(dir)).toEqual(['request.json'])
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import { ownCommand } from '../../../src/cli/support/own-command.ts'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { isAbandoned, readRecord, runFolder } from '../../../src/lifecycle/run-folder.ts'
import { partText } from '../../../src/report/run/partial-run.ts'
import { runWorker } from '../../../src/server/worker/worker.ts'
import { parseResults } from '../../../src/verdict/results.ts'
import { LAUNCHER } from '../../cli/cc-ci.ts'
import { leftOnEngine } from '../../cli/started.ts'
import { GIB, type Office, ORIGIN, openOffice } from '../runs/dispatcher-bench.ts'
import { serveProtocol } from './protocol-server.ts'

let dir = ''
let source = ''

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-real-run-'))
  const recipe = await buildRecipe('healthy', join(dir, 'healthy'))
  source = join(dir, 'healthy.git')
  await execOk('git', ['clone', '-q', '--bare', recipe.dir, source], { timeoutMs: 30_000, env: inheritedEnv() })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function until(name: string, look: () => Promise<boolean> | boolean, timeoutMs = 200_000): Promise<void> {
  const seen = async () => {
    return (await look())
      ? ({ state: 'ready', value: true } as const)
      : ({ state: 'waiting', reason: 'not yet' } as const)
  }
  const result = await waitFor(seen, { name, timeoutMs, everyMs: 100 })
  if (result.state !== 'ready') throw new Error(`never came: ${name}`)
}

const ended = (office: Office, id: string) => until('the end', async () => (await office.row(id)).outcome !== null)
const leftBy = async (state: string) => leftOnEngine({ state } as Parameters<typeof leftOnEngine>[0])

function resultsIn(state: string, folder: string) {
  return parseResults(JSON.parse(readFileSync(join(state, 'runs', folder, 'results.json'), 'utf8')))
}

describe('a run of a repository', () => {
  it('passes in the server’s own worker, quick, and leaves its folder alone', async () => {
    await using office = await openOffice(source)
    const { id, commit } = await office.ask({ quick: true })
    const drain = new AbortController()
    const working = runWorker({
      ...{ dispatch: office.dispatch.embedded('embedded'), state: office.state, memoryBytes: 2 * GIB },
      ...{ ccCi: ownCommand(), clock: systemClock, log: pino({ level: 'silent' }), signal: drain.signal },
    })
    await ended(office, id)
    drain.abort()
    await working
    const { outcome, worker, harness } = await office.row(id)
    expect(outcome).toMatchObject({ state: 'done', verdict: 'pass', teardown: 'clean', attempts: 1, folder: id })
    expect(worker).toBe('embedded')
    expect(harness).toMatch(/^\d+\.\d+\.\d+/)
    const results = resultsIn(office.state, id)
    expect(results.recipe).toMatchObject({ name: 'healthy', origin: `${ORIGIN}/coop-cloud/healthy`, commit })
    const judged = results.tiers.filter(({ skipKind }) => skipKind !== 'not-selected').map((tier) => tier.id)
    expect(judged).toEqual(['lint', 'install', 'upgrade', 'functional', 'teardown'])
    expect(results.artifacts.find(({ kind }) => kind === 'card')?.path).toBe('artifacts/card.png')
    // Nothing is kept on this worker: the answer says so.
    expect(partText(results)).toMatch(/^a quick run: not judged are backup, .*; no canonical is used: /)
    expect(office.reported).toEqual(['running', 'done'])
    expect(readdirSync(join(office.state, 'worker'))).toEqual([])
    expect(await leftBy(office.state)).toEqual([])
  })
})

/** `cc-ci worker` in a process of its own, with a state folder of its own. */
function startWorker(url: string, state: string): { process: ChildProcess; output: () => string } {
  const tokenFile = join(dir, 'token')
  writeFileSync(tokenFile, `${'t'.repeat(43)}\n`, { mode: 0o600 })
  const args = ['worker', '--server', url, '--token-file', tokenFile, '--state', state, '--memory', '2G']
  const child = spawn(LAUNCHER, args, { env: inheritedEnv(), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return { process: child, output: () => output }
}

async function exitOf({ process: child }: { process: ChildProcess }): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)))
}

describe('a worker elsewhere', () => {
  it('that is killed costs an attempt and nothing more', async () => {
    await using office = await openOffice(source, { leaseMs: 6000 })
    const server = await serveProtocol(office.dispatch)
    const state = join(office.dir, 'elsewhere')
    const { id } = await office.ask()
    const first = startWorker(server.url, state)
    try {
      const events = runFolder(office.state, id).events
      await until('the app is up', () => existsSync(events) && readFileSync(events, 'utf8').includes('"type":"image"'))
      first.process.kill('SIGKILL')
      await exitOf(first)
      await until('the teardown', () => readRecord(runFolder(state, id))?.status === 'ended')
      expect(await leftBy(state)).toEqual([])
      await until('the lease is over', async () => (await office.row(id)).state === 'queued')
      const second = startWorker(server.url, state)
      await ended(office, id).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${second.output()}`)
      })
      second.process.kill('SIGTERM')
      expect(await exitOf(second), second.output()).toBe(0)
      const { outcome } = await office.row(id)
      expect(outcome).toMatchObject({ state: 'done', verdict: 'pass', teardown: 'clean', attempts: 2 })
      const folder = outcome?.folder ?? ''
      expect(folder).not.toBe(id)
      expect(resultsIn(office.state, folder)).toEqual(resultsIn(state, folder))
      expect(existsSync(join(office.state, 'runs', folder, 'report.html'))).toBe(true)
      const record = readRecord(runFolder(state, folder))
      expect(record && isAbandoned(record, runFolder(state, folder))).toBe(false)
      expect(await leftBy(state)).toEqual([])
      expect(readdirSync(join(state, 'worker'))).toEqual([])
    } finally {
      first.process.kill('SIGKILL')
      server.close()
    }
  })
})

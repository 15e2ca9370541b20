import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '../../src/lib/async/wait.ts'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import { LAUNCHER, type Workshop } from './cc-ci.ts'

/** A run that was started and not yet waited for. */
export interface Started {
  readonly output: () => string
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void
  readonly exited: Promise<number | null>
}

export function start(
  workshop: Workshop,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started {
  const child = spawn(LAUNCHER, args, {
    cwd: workshop.dir,
    env: { ...inheritedEnv(), CC_CI_STATE: workshop.state, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return {
    output: () => output,
    kill: (signal) => child.kill(signal),
    exited: new Promise((resolve) => child.on('close', (code) => resolve(code))),
  }
}

/** Waits until the run's events hold one of this type (and tier); fails with what the run printed. */
export async function untilEvent(
  workshop: Workshop,
  run: Started,
  type: string,
  tier?: string,
  timeoutMs = 300_000,
): Promise<void> {
  const result = await waitFor(
    async () => {
      const seen = eventsOf(workshop).some(
        (event) => event.type === type && (tier === undefined || event.tier === tier),
      )
      return seen ? { state: 'ready' as const, value: true } : { state: 'waiting' as const, reason: 'not yet' }
    },
    { name: `event ${type}`, timeoutMs, everyMs: 50 },
  )
  if (result.state !== 'ready') throw new Error(`no event ${type}:\n${run.output()}`)
}

function eventsOf(workshop: Workshop): { type: string; tier?: string }[] {
  const file = runFiles(workshop, 'events.ndjson')[0]
  if (!file) return []
  const complete = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return complete.map((line) => JSON.parse(line) as { type: string; tier?: string })
}

export function runFiles({ state }: Workshop, name: string): string[] {
  const runs = join(state, 'runs')
  if (!existsSync(runs)) return []
  return readdirSync(runs)
    .map((id) => join(runs, id, name))
    .filter(existsSync)
}

/** Everything on the engine whose name holds the random part of one of the workshop's runs. */
export async function leftOnEngine(workshop: Workshop): Promise<string[]> {
  const runs = join(workshop.state, 'runs')
  const ids = existsSync(runs) ? readdirSync(runs).map((id) => id.slice(-6)) : []
  return (await thingsOnEngine()).filter((thing) => ids.some((id) => thing.includes(id)))
}

/** Everything on the engine that has a name: `service web`, `volume data`. */
export async function thingsOnEngine(): Promise<string[]> {
  const lists: readonly (readonly [string, string])[] = [
    ['service', '{{.Name}}'],
    ['container', '{{.Names}}'],
    ['network', '{{.Name}}'],
    ['volume', '{{.Name}}'],
    ['secret', '{{.Name}}'],
    ['config', '{{.Name}}'],
  ]
  const found: string[] = []
  for (const [kind, format] of lists) {
    const all = kind === 'container' ? ['-a'] : []
    const { stdout } = await execOk('docker', [kind, 'ls', ...all, '--format', format], { timeoutMs: 300_000 })
    const names = stdout.split('\n').filter((name) => name !== '')
    found.push(...names.map((name) => `${kind} ${name}`))
  }
  return found
}

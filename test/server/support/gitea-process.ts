// cspell:ignore healthz pdeathsig setpriv
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { BuiltGitea } from '../../../scripts/setup/server-parts/gitea-build.ts'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { InfraError } from '../../../src/lib/errors.ts'
import { startDaemon } from '../../../src/lib/process/daemon.ts'
import { inheritedEnv } from '../../../src/lib/process/exec.ts'

const START_DEADLINE_MS = 90_000

/** Gitea refuses to run as root unless told that this is no mistake. */
export function giteaEnv(): Record<string, string> {
  return { ...inheritedEnv(), GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT: 'true' }
}

/** Starts the Gitea of `dir` (with its app.ini) and waits until it answers. It dies with this process. Gives its pid. */
export async function startProcess(dir: string, url: string, { binary }: BuiltGitea): Promise<number> {
  const log = join(dir, 'log')
  const args = ['--pdeathsig', 'KILL', '--', binary, 'web', '-c', join(dir, 'app.ini')]
  const pid = await startDaemon('setpriv', args, { logFile: log, env: giteaEnv() })
  const up = await waitFor<null, string>(
    async () => {
      if (!isRunning(pid)) return { state: 'impossible', cause: `it ended: ${(await lastWords(log)).trim()}` }
      const ok = await fetch(`${url}/api/healthz`).then(
        (answer) => answer.ok,
        () => false,
      )
      return ok ? { state: 'ready', value: null } : { state: 'waiting', reason: 'no answer yet' }
    },
    { name: 'the test forge', timeoutMs: START_DEADLINE_MS, everyMs: 50 },
  )
  if (up.state === 'ready') return pid
  await stopProcess(pid)
  throw new InfraError('forge-not-started', up.state === 'impossible' ? up.cause : `no answer: ${await lastWords(log)}`)
}

/** Ends it, a stopped one too, and waits until it is gone. */
export async function stopProcess(pid: number): Promise<void> {
  send(pid, 'SIGCONT')
  send(pid, 'SIGTERM')
  const gone = async () =>
    isRunning(pid) ? ({ state: 'waiting', reason: 'still there' } as const) : ({ state: 'ready', value: null } as const)
  const ended = await waitFor<null, never>(gone, { name: 'the end of the forge', timeoutMs: 5_000, everyMs: 20 })
  if (ended.state === 'ready') return
  send(pid, 'SIGKILL')
  await waitFor<null, never>(gone, { name: 'the end of the forge', timeoutMs: 5_000, everyMs: 20 })
}

export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** A port of loopback that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function isRunning(pid: number): boolean {
  return send(pid, 0)
}

async function lastWords(log: string): Promise<string> {
  return (await readFile(log, 'utf8').catch(() => '')).slice(-2000)
}

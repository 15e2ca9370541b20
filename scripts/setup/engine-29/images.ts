import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { InfraError } from '../../../src/lib/errors.ts'
import { execOk } from '../../../src/lib/process/exec.ts'
import type { TestEngine } from './namespaces.ts'

/** Copies the images whose reference begins so from this machine's engine; those that it has already cost nothing. Gives their number. */
export async function copyImages({ socket }: TestEngine, prefixes: readonly string[]): Promise<number> {
  const list = ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}']
  const here = await execOk('docker', list, { timeoutMs: 30_000 })
  const there = await execOk('docker', ['--host', `unix://${socket}`, ...list], { timeoutMs: 30_000 })
  const has = new Set(there.stdout.split('\n'))
  const wanted = here.stdout
    .split('\n')
    .filter((ref) => prefixes.some((prefix) => ref.startsWith(prefix)) && !ref.endsWith(':<none>') && !has.has(ref))
  if (wanted.length > 0) await copy(socket, wanted)
  return wanted.length
}

async function copy(socket: string, refs: readonly string[]): Promise<void> {
  const save = spawn('docker', ['save', ...refs], { stdio: ['ignore', 'pipe', 'inherit'] })
  const load = spawn('docker', ['--host', `unix://${socket}`, 'load', '--quiet'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  save.stdout.pipe(load.stdin)
  const codes = await Promise.all([once(save, 'close'), once(load, 'close')])
  if (codes.some(([code]) => code !== 0))
    throw new InfraError('images-not-copied', `docker save ${refs.join(' ')} | docker load failed`)
}

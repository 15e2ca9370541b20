import type { ExecOptions, ExecResult } from '../../public/ctx.ts'
import { milliseconds } from '../duration.ts'
import { SandboxError } from '../errors/sandbox-error.ts'
import { call } from './rpc.ts'

const LAST_LINES = 8

/** Runs a program in the running container of a service. Throws SandboxError `exec-failed` with its last lines, see `allowFailure`. */
export async function execIn(
  service: string,
  argv: readonly string[],
  { timeout = '60s', input, allowFailure = false }: ExecOptions = {},
): Promise<ExecResult> {
  const result = (await call('exec', { service, argv, timeoutMs: milliseconds(timeout), input })) as ExecResult
  if (result.exitCode === 0 || allowFailure) return result
  const words = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-LAST_LINES)
  const said = words.join('') === '' ? ', without a word' : `:\n${words.map((line) => `  ${line}`).join('\n')}`
  throw new SandboxError('exec-failed', `${JSON.stringify(argv)} in ${service} ended with ${result.exitCode}${said}`)
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Engine } from '../../../src/engine/client.ts'
import { removeStackOrThrow } from '../../../src/engine/removal.ts'
import { newRunId, randomId } from '../../../src/lib/ids.ts'
import { exec, execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'

const POLL_MS = 1_000
/** All services must show n/n for so long. */
const STEADY_MS = 5_000

export interface PlainResult {
  readonly verdict: string
  readonly seconds: number
}

export interface PlainOptions {
  /** A recipe's repository. */
  readonly dir: string
  /** True: its newest release first, and head over it. */
  readonly upgrade: boolean
  readonly timeoutMs: number
}

/**
 * What people write without cc-ci: `docker stack deploy`, then `docker service ls` every second until every service shows n/n for some
 * seconds, or the deadline. Seconds from the deployment that is judged to the verdict. Removes its stack.
 */
export async function plainDeploy({ dir, upgrade, timeoutMs }: PlainOptions): Promise<PlainResult> {
  const stack = `plain_${randomId(8)}`
  try {
    if (upgrade) {
      const [tag = ''] = (await execOk('git', ['tag'], { cwd: dir, timeoutMs: 10_000 })).stdout.split('\n')
      await execOk('git', ['checkout', '-q', tag], { cwd: dir, timeoutMs: 10_000 })
      await deployAndPoll(stack, dir, timeoutMs)
      await execOk('git', ['checkout', '-q', 'main'], { cwd: dir, timeoutMs: 10_000 })
    }
    return await deployAndPoll(stack, dir, timeoutMs)
  } finally {
    await removeStackOrThrow(await Engine.connect(), { stack, runId: newRunId(Date.now()), timeoutMs: 120_000 })
  }
}

async function deployAndPoll(stack: string, dir: string, timeoutMs: number): Promise<PlainResult> {
  const begun = performance.now()
  const ms = () => performance.now() - begun
  const done = (verdict: string) => ({ verdict, seconds: ms() / 1000 })
  const { exitCode } = await exec(
    'docker',
    ['stack', 'deploy', '--resolve-image', 'never', '-c', 'compose.yml', stack],
    {
      cwd: dir,
      env: { ...inheritedEnv(), ...settings(dir), STACK_NAME: stack, DOMAIN: `${stack}.test`, LETS_ENCRYPT_ENV: '' },
      timeoutMs,
    },
  )
  if (exitCode !== 0) return done('refused')
  let since: number | null = null
  while (ms() < timeoutMs) {
    since = (await allUp(stack)) ? (since ?? ms()) : null
    if (since !== null && ms() - since >= STEADY_MS) return done('ok')
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return done('timeout')
}

/** `export NAME=value` of abra.sh. */
function settings(dir: string): Record<string, string> {
  const lines = readFileSync(join(dir, 'abra.sh'), 'utf8').matchAll(/^export (\w+)=(\S*)$/gm)
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]))
}

async function allUp(stack: string): Promise<boolean> {
  const args = ['service', 'ls', '--filter', `label=com.docker.stack.namespace=${stack}`, '--format', '{{.Replicas}}']
  const { stdout } = await execOk('docker', args, { timeoutMs: 30_000 })
  const counts = stdout.split('\n').filter(Boolean)
  return counts.length > 0 && counts.every((count) => /^(\d+)\/\1\b/.test(count))
}

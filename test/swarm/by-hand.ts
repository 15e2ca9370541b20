import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { exec, execOk, inheritedEnv } from '../../src/lib/process/exec.ts'

/**
 * Deploys the work tree of a recipe as an operator would with the plain docker CLI: environment from `.env.sample` and
 * `abra.sh`, external secrets made up, every service at `dnsrr` so that no VIP is needed.
 */
export async function deployByHand(dir: string, { stack, domain }: { stack: string; domain: string }): Promise<void> {
  const sample = await readFile(join(dir, '.env.sample'), 'utf8')
  const env = {
    ...inheritedEnv(),
    ...assignments(sample),
    ...assignments(await readFile(join(dir, 'abra.sh'), 'utf8')),
    DOMAIN: domain,
    STACK_NAME: stack,
    LETS_ENCRYPT_ENV: '',
    EXTRA_DOMAINS: '',
  }
  const compose = parse(await readFile(join(dir, 'compose.yml'), 'utf8'), { merge: true }) as Compose
  for (const name of Object.keys(compose.secrets ?? {})) {
    const args = ['secret', 'create', '--label', `com.docker.stack.namespace=${stack}`, `${stack}_${name}_v1`, '-']
    await exec('docker', args, { timeoutMs: 20_000, input: randomBytes(16).toString('hex') })
  }
  const services = Object.fromEntries(
    Object.keys(compose.services).map((name) => [name, { deploy: { endpoint_mode: 'dnsrr' } }]),
  )
  const overlay = `${dir}.dnsrr.json`
  await writeFile(overlay, JSON.stringify({ version: '3.8', services }))
  const args = ['stack', 'deploy', '--resolve-image', 'never', '-c', 'compose.yml', '-c', overlay, stack]
  await execOk('docker', args, { cwd: dir, env, timeoutMs: 60_000 })
}

interface Compose {
  readonly services: Readonly<Record<string, unknown>>
  readonly secrets?: Readonly<Record<string, unknown>>
}

function assignments(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^(?:export )?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, key = '', value = '']) => [
      key,
      value.replace(/ #.*$/, '').replace(/^(["'])(.*)\1$/, '$2'),
    ]),
  )
}

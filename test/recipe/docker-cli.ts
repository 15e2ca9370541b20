import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { exec } from '../../src/lib/process/exec.ts'

/** True when the installed docker CLI has `stack config` (since 25), which needs no engine. */
export async function hasStackConfig(): Promise<boolean> {
  const help = await exec('docker', ['stack', 'config', '--help'], { timeoutMs: 300_000 }).catch(() => null)
  return help?.exitCode === 0 && help.stdout.includes('docker stack config')
}

/** What the docker CLI makes of these files: the document, or its words when it refuses. */
export async function stackConfig(
  dir: string,
  files: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
): Promise<{ document: unknown } | { refused: string }> {
  const { exitCode, stdout, stderr } = await docker(['stack', 'config', ...filesOf(files)], { dir, env, input })
  if (exitCode !== 0) return { refused: stderr.trim() }
  return { document: parse(stdout.replaceAll(`${dir}/`, './').replaceAll(dir, './'), { version: '1.1' }) }
}

/** The words with which the docker CLI refuses to deploy these files on the engine at DOCKER_HOST; null when it does not. */
export async function stackDeployRefusal(
  dir: string,
  files: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string | null> {
  const args = ['stack', 'deploy', '--detach=true', '--resolve-image', 'never', ...filesOf(files), 'stack']
  const { exitCode, stderr } = await docker(args, { dir, env })
  return exitCode === 0 ? null : (stderr.trim().split('\n').at(-1) ?? '')
}

const filesOf = (files: readonly string[]) => files.flatMap((file) => ['-c', file])

/** The docker CLI with nobody's settings. */
async function docker(
  args: readonly string[],
  { dir, env, input }: { dir: string; env: Readonly<Record<string, string>>; input?: string | undefined },
) {
  const home = await mkdtemp(join(tmpdir(), 'cc-ci-cli-'))
  try {
    const { PATH = '' } = process.env
    return await exec('docker', ['--config', home, ...args], {
      cwd: dir,
      env: { PATH, ...env },
      timeoutMs: 300_000,
      input,
    })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

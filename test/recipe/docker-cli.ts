import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { exec } from '../../src/lib/exec.ts'

/** True when the installed docker CLI has `stack config` (since 25), which needs no engine. */
export async function hasStackConfig(): Promise<boolean> {
  const help = await exec('docker', ['stack', 'config', '--help'], { deadlineMs: 300_000 }).catch(() => null)
  return help?.exitCode === 0 && help.stdout.includes('docker stack config')
}

/** What the docker CLI makes of these files: the document, or its words when it refuses. */
export async function stackConfig(
  dir: string,
  files: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
): Promise<{ document: unknown } | { refused: string }> {
  const home = await mkdtemp(join(tmpdir(), 'cc-ci-cli-'))
  try {
    const { PATH = '' } = process.env
    const result = await exec(
      'docker',
      ['--config', home, 'stack', 'config', ...files.flatMap((file) => ['-c', file])],
      {
        cwd: dir,
        env: { PATH, ...env },
        deadlineMs: 300_000,
        input,
      },
    )
    if (result.exitCode !== 0) return { refused: result.stderr.trim() }
    return { document: parse(result.stdout.replaceAll(`${dir}/`, './'), { version: '1.1' }) }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

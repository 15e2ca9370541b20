import { expect, it } from 'vitest'
import { exec, inheritedEnv } from '../../../src/lib/process/exec.ts'

const SCRIPT = `
import { spawnProgram } from '${new URL('../../../src/lib/process/spawn.ts', import.meta.url).pathname}'
const started = spawnProgram('sh', ['-c', 'cat; exit 3'], { stdio: ['pipe', 'inherit', 'ignore'], cwd: '/', env: { ...process.env, SECRET: 'hunter2hunter2' } })
started.stdin.end('said')
started.once('exit', () => spawnProgram('/no/such/program', [], { stdio: 'ignore' }).on('error', () => {}))
`

async function printed(env: Record<string, string>) {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', SCRIPT]
  return exec(process.execPath, args, { timeoutMs: 60_000, env: { ...inheritedEnv(), ...env } })
}

it('a program that is talked to has the debug lines of others, without its environment', async () => {
  const { stdout, stderr } = await printed({ DEBUG: 'cc-ci:exec' })
  expect(stdout).toBe('said')
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/cc-ci:exec \+\d+ms program started file=sh args=\["-c","cat; exit 3"\] cwd=\/ pid=\d+$/),
    expect.stringMatching(/ program ended file=sh pid=\d+ ms=\d+ exitCode=3 signal=null$/),
    expect.stringMatching(/ program started file=\/no\/such\/program args=\[\] cwd=undefined pid=undefined$/),
    expect.stringMatching(/ program failed file=\/no\/such\/program pid=undefined ms=\d+ error=.*ENOENT/),
    '',
  ])
  expect(await printed({})).toMatchObject({ stdout: 'said', stderr: '' })
})

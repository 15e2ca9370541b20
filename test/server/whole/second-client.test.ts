// cspell:ignore schemathesis pythonpath
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ensureSchemathesis } from '../../../scripts/setup/server-parts/schemathesis.ts'
import { exec, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { startGitea } from '../support/gitea.ts'
import { startServer } from '../support/server.ts'

/** Of one operation in each phase; a run of all takes about a minute. */
const EXAMPLES = 10

test('schemathesis, a client that knows the API by its description alone, finds nothing wrong', async () => {
  const { command, env } = await ensureSchemathesis((line) => process.stdout.write(`${line}\n`))
  const gitea = await startGitea()
  onTestFinished(() => gitea[Symbol.asyncDispose]())
  const server = await startServer({ gitea, env: { CC_CI_WORKER_MEMORY: '0' } })
  onTestFinished(() => server[Symbol.asyncDispose]())
  await server.api('POST', '/enrolments', { name: gitea.repository })
  const config = join(server.dir, 'schemathesis.toml')
  await writeFile(config, '[warnings]\nfail-on = true\ndisplay = ["missing_auth", "method_not_allowed"]\n')

  const [program = '', ...first] = command
  const args = ['--config-file', config, 'run', `${server.url}/api/v1/openapi.json`]
  const header = ['--header', `Authorization: Bearer ${server.operatorToken}`]
  const bounds = ['--max-examples', String(EXAMPLES), '--rate-limit', '15/s', '--generation-deterministic']
  const started = Date.now()
  const { exitCode, stdout, stderr } = await exec(program, [...first, ...args, ...header, ...bounds, '--no-color'], {
    timeoutMs: 240_000,
    cwd: server.dir,
    env: { ...inheritedEnv(), ...env },
  })
  const said = stdout.slice(stdout.indexOf('= FAILURES ='))
  process.stdout.write(`schemathesis took ${Date.now() - started} ms:${/\n.* generated,.*/.exec(stdout)?.[0]}\n`)
  expect(exitCode, `${said}\n${stderr}`).toBe(0)
  expect(stdout).toMatch(/Operations: +(\d+) selected \/ \1 total/)
  // It got as far as starting runs, not only to refusals.
  const { runs } = await server.api<{ runs: unknown[] }>('GET', '/runs')
  expect(runs.length).toBeGreaterThan(0)
})

import { expect, test } from 'vitest'
import { exec, inheritedEnv } from '../../src/lib/process/exec.ts'
import type { LintRow } from '../../src/recipe/lint/lint.ts'
import { type Files, folder, repository } from './throwaway.ts'

const LAUNCHER = new URL('../../bin/cc-ci', import.meta.url).pathname

/** Exit 2 is for what nobody could mean or deploy. What an operator could deploy is planned, and what is odd about it is told. */
const recipe = (keys: string, image = 'nginx:1.25.3'): Files => ({
  'compose.yml': `version: "3.8"\nservices:\n  app:\n    image: ${image}\n${keys}`,
  '.env.sample': 'DOMAIN=a.example.com\n',
})

async function run(command: 'lint' | 'plan', files: Files) {
  const CC_CI_STATE = await folder({})
  const { exitCode, stdout, stderr } = await exec(LAUNCHER, [command, await repository(files), '--json'], {
    env: { ...inheritedEnv(), CC_CI_STATE, NO_COLOR: '1' },
    timeoutMs: 300_000,
  })
  return { exitCode, stdout, stderr, json: exitCode === 2 ? null : (JSON.parse(stdout) as unknown) }
}

const ODD: [what: string, keys: string, rule: string, where: string, says: RegExp][] = [
  ['a variable that is nowhere set', '    hostname: a${NOWHERE}\n', 'CC13', 'compose.yml:5:5', /NOWHERE, which has no/],
  ['a default in a default', '    hostname: "${NOWHERE:-${DOMAIN}}"\n', 'CC09', 'compose.yml:5:5', /does not nest/],
  ['an address of a port', '    ports: ["127.0.0.1:80:80"]\n', 'CC19', 'compose.yml:5:13', /on every address/],
  [
    'an option without effect',
    '    tmpfs: [/a]\n    volumes: [{type: tmpfs, target: /b, tmpfs: {mode: 0o1777}}]\n',
    'CC19',
    'compose.yml:6:49',
    /mode has no effect/,
  ],
]

test.each(ODD)('%s is planned, and told by lint', async (_, keys, rule, where, says) => {
  const [linted, planned] = await Promise.all([run('lint', recipe(keys)), run('plan', recipe(keys))])
  expect(planned.exitCode, planned.stderr).toBe(0)
  expect(linted.exitCode, linted.stderr).not.toBe(2)
  const row = (linted.json as LintRow[]).find(({ id, ok }) => id === rule && !ok)
  expect(row).toMatchObject({ severity: 'warning', where, message: expect.stringMatching(says) })
})

test('plan warns of a variable that is nowhere set, with its place', async () => {
  const { json } = await run('plan', recipe('    hostname: a${NOWHERE}\n'))
  expect(json).toMatchObject({
    findings: [{ code: 'undefined-variable', severity: 'warning', where: 'compose.yml:5:5' }],
  })
})

const IMPOSSIBLE: [what: string, files: Files, says: string][] = [
  ['a variable that is demanded', recipe('    hostname: ${NOWHERE:?set it}\n'), 'compose.yml:5:5'],
  ['an image that is none', recipe('', 'nginx:${NOWHERE}'), 'compose.yml:4:5'],
  ['a key of docker compose', recipe('    group_add: [a]\n'), 'compose.yml:5:5'],
  ['a key that is younger than the file', recipe('    oom_score_adj: 5\n'), 'exists since version 3.13'],
]

test.each(IMPOSSIBLE)('%s ends lint and plan with 2 and the place', async (_, files, says) => {
  for (const command of ['lint', 'plan'] as const) {
    const { exitCode, stdout, stderr } = await run(command, files)
    expect(exitCode).toBe(2)
    // The table of lint has a row for it.
    expect(command === 'lint' ? stdout : stderr).toContain(says)
  }
})

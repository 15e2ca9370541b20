import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DEBUG_NAMESPACES } from '../../src/lib/debug.ts'
import { exec, inheritedEnv } from '../../src/lib/process/exec.ts'

const SCRIPT = `
import { debugLog, enableDebug, maskDebug } from '${new URL('../../src/lib/debug.ts', import.meta.url).pathname}'
import { Masker } from '${new URL('../../src/lib/masking/mask.ts', import.meta.url).pathname}'
const masker = new Masker()
masker.add('correct-horse-battery')
maskDebug(masker)
const engine = debugLog('engine')
if (process.env.VERBOSE) enableDebug()
engine('call ended 100%', { method: 'GET', path: '/info', status: 200, words: 'correct-horse-battery staple', none: undefined })
debugLog('exec')('program started', { args: ['clone', 'https://user:hidden@forge.test/a.git'] })
process.stdout.write(String(engine.enabled))
`

async function printed(env: Record<string, string>) {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', SCRIPT]
  const options = { timeoutMs: 60_000, cwd: new URL('../..', import.meta.url).pathname }
  return exec(process.execPath, args, { ...options, env: { ...inheritedEnv(), ...env } })
}

describe('debug lines', () => {
  it('are not there unless asked for', async () => {
    expect(await printed({})).toMatchObject({ stdout: 'false', stderr: '' })
  })

  it('have a time, a namespace, a message and its fields, masked, on standard error', async () => {
    const { stdout, stderr } = await printed({ DEBUG: 'cc-ci:*' })
    expect(stdout).toBe('true')
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^\d{4}-\d\d-\d\dT[\d:.]+Z cc-ci:engine \+\d+ms call ended 100% method=GET path=\/info status=200 words="\*\*\* staple" none=undefined$/,
      ),
      expect.stringMatching(
        / cc-ci:exec \+0ms program started args=\["clone","https:\/\/\*\*\*@forge\.test\/a\.git"\]$/,
      ),
      '',
    ])
  })

  it.each([
    ['cc-ci:engine', ['engine']],
    ['cc-ci:engine,cc-ci:exec', ['engine', 'exec']],
    ['cc-ci:*,-cc-ci:exec', ['engine']],
    ['cc-ci:e*', ['engine', 'exec']],
    ['modem', []],
  ])('DEBUG=%s selects', async (DEBUG, namespaces) => {
    const { stderr } = await printed({ DEBUG })
    expect([...stderr.matchAll(/ cc-ci:(\w+) /g)].map(([, name]) => name)).toEqual(namespaces)
  })

  it('--verbose asks for all, beside what DEBUG names', async () => {
    const { stderr } = await printed({ DEBUG: '-cc-ci:exec', VERBOSE: '1' })
    expect([...stderr.matchAll(/ cc-ci:(\w+) /g)].map(([, name]) => name)).toEqual(['engine'])
  })

  it('CONTRIBUTING lists every namespace', () => {
    const text = readFileSync(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8')
    const rows = [...text.matchAll(/^\| `cc-ci:(\w+)` +\| (.*?) +\|$/gm)].map(([, name, about]) => [name, about])
    expect(rows).toEqual(Object.entries(DEBUG_NAMESPACES))
  })
})

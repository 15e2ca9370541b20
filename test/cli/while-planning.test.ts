import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { waitFor } from '../../src/lib/async/wait.ts'
import { execOk } from '../../src/lib/process/exec.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { runFiles, start } from './started.ts'

const RELEASES = 300

/**
 * A recipe that keeps its reader busy for minutes within all bounds: hundreds of releases, all the same as head, are looked at one after the other for one that differs, each
 * with thousands of variables. What is left of a reader stands in `tmp`.
 */
async function longRecipe(workshop: Workshop): Promise<{ readonly dir: string; readonly tmp: string }> {
  const dir = join(workshop.dir, 'long')
  const tmp = join(workshop.dir, 'tmp')
  for (const folder of [dir, tmp]) mkdirSync(folder)
  const variables = Array.from({ length: 5000 }, (_, index) => `      V${index}: "\${V${index}:-of \${DOMAIN}}"`)
  const files = {
    'compose.yml': `version: "3.8"\nservices:\n  app:\n    image: example/app:1\n    environment:\n${variables.join('\n')}\n`,
    '.env.sample': 'TYPE=long\nDOMAIN=long.example.com\n',
    'abra.sh': '',
    'README.md': '# Long\n',
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, file), text)
  const git = (args: readonly string[], input?: string) =>
    execOk('git', ['-C', dir, '-c', 'user.name=cc-ci', '-c', 'user.email=cc-ci@example.com', ...args], {
      timeoutMs: 300_000,
      ...(input === undefined ? {} : { input }),
    })
  await git(['init', '-q', '-b', 'main'])
  await git(['add', '-A'])
  await git(['commit', '-qm', 'one'])
  const releases = Array.from({ length: RELEASES }, (_, index) => {
    const [version, mark] = [`1.${index}.0+1`, index + 1]
    const head = `commit refs/heads/main\nmark :${2 * mark}\ncommitter a <a@example.com> ${1_700_000_000 + index} +0000\ndata 1\nx\n`
    const from = index === 0 ? 'from refs/heads/main^0\n' : ''
    return `${head}${from}tag ${version}\nfrom :${2 * mark}\ntagger a <a@example.com> ${1_700_000_000 + index} +0000\ndata 1\nx\n`
  })
  await git(['fast-import', '--quiet'], releases.join(''))
  await git(['commit', '-q', '--allow-empty', '-m', 'head'])
  return { dir, tmp }
}

/** Until a release is read: head is done with then, and most is yet to come. */
async function untilReleasesAreRead(looks: () => readonly string[], said: () => string): Promise<void> {
  const result = await waitFor(
    async () =>
      looks().some((dir) => existsSync(join(dir, 'checkout-base', 'compose.yml')))
        ? { state: 'ready' as const, value: true }
        : { state: 'waiting' as const, reason: 'no release is read yet' },
    { name: 'planning', timeoutMs: 120_000, everyMs: 20 },
  )
  if (result.state !== 'ready') throw new Error(`planning did not get there:\n${said()}`)
}

const foldersIn = (dir: string) => (existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name)) : [])

describe('while a recipe is planned', () => {
  it.each([
    ['plan', 'SIGTERM', 143],
    ['plan', 'SIGINT', 130],
    ['test', 'SIGTERM', 143],
  ] as const)('%s ends at %s with %i, and leaves nothing', async (command, signal, code) => {
    await using workshop = openWorkshop()
    const { dir, tmp } = await longRecipe(workshop)
    const runs = join(workshop.state, 'runs')
    const run = start(workshop, [command, dir], { TMPDIR: tmp })
    await untilReleasesAreRead(() => [...foldersIn(tmp), ...foldersIn(runs)], run.output)
    run.kill(signal)
    expect(await run.exited, run.output()).toBe(code)
    expect(run.output()).toContain(`stopped by ${signal}`)
    expect([readdirSync(tmp), foldersIn(runs)]).toEqual([[], []])
  })

  it('its deadline ends it with an error of its own', async () => {
    await using workshop = openWorkshop()
    const { dir, tmp } = await longRecipe(workshop)
    const done = await workshop.run(['test', dir, '--deadline', '3s', '--json', '-'], { env: { TMPDIR: tmp } })
    expect(done.exitCode, done.stderr).toBe(3)
    expect(JSON.parse(done.stdout)).toMatchObject({ error: { code: 'plan-deadline', blame: 'infra' } })
    expect([readdirSync(tmp), runFiles(workshop, 'run.json')]).toEqual([[], []])
  })
})

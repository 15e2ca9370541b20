import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './cc-ci.ts'

/** Each: how the recipe is spoilt, what the command line is, and what the person must be told. */
const CASES: Readonly<
  Record<string, { spoil?: (dir: string) => void; args?: (dir: string) => string[]; says: RegExp[] }>
> = {
  'a folder that is no recipe': { spoil: (dir) => rmSync(join(dir, 'compose.yml')), says: [/compose\.yml/] },
  'no git': { spoil: (dir) => rmSync(join(dir, '.git'), { recursive: true }), says: [/git/] },
  'a ref that does not exist': { args: (dir) => [dir, '--ref', 'no-such-branch'], says: [/no-such-branch/] },
  'a base that does not exist': { args: (dir) => [dir, '--base', '9.9.9+9'], says: [/9\.9\.9\+9/] },
  'a ref that looks like an option': {
    args: (dir) => [dir, '--ref=--upload-pack=touch /tmp/x'],
    says: [/no commit, tag or branch/],
  },
  'a recipe name with shell metacharacters': { args: () => ['$(touch hacked); `id`'], says: [/touch hacked/] },
  'a missing overlay': {
    spoil: (dir) =>
      writeFileSync(join(dir, '.env.sample'), 'DOMAIN=example.com\nCOMPOSE_FILE="compose.yml:compose.gone.yml"\n'),
    says: [/compose\.gone\.yml/, /\.env\.sample:2/],
  },
  'a required variable that is not set': {
    spoil: (dir) => append(dir, 'compose.yml', '\nx-note: ${NOT_SET:?must be set}\n'),
    says: [/NOT_SET/, /compose\.yml:\d+/],
  },
  'YAML that does not parse': {
    spoil: (dir) => append(dir, 'compose.yml', '\n  : [\n'),
    says: [/compose\.yml:\d+:\d+/],
  },
  'a key that the schema refuses': {
    spoil: (dir) => append(dir, 'compose.yml', '\nnetwrks:\n  x: {}\n'),
    says: [/netwrks/, /networks/],
  },
  'a binary compose file': {
    spoil: (dir) => writeFileSync(join(dir, 'compose.yml'), Buffer.alloc(4096)),
    says: [/compose\.yml/],
  },
  'a huge compose file': {
    spoil: (dir) => writeFileSync(join(dir, 'compose.yml'), `#${'x'.repeat(20_000_000)}\n`),
    says: [/compose\.yml/, /bytes|MiB|large/],
  },
  'an unknown setting': {
    spoil: (dir) => {
      mkdirSync(join(dir, 'cc-ci'), { recursive: true })
      writeFileSync(join(dir, 'cc-ci', 'cc-ci.yml'), 'timeouts:\n  deplyo: 5m\n')
    },
    says: [/cc-ci\.yml:2/, /timeouts\.deploy/],
  },
  'an unknown tier': { args: (dir) => [dir, '--only', 'instal'], says: [/instal/, /install/] },
  'a state folder that cannot be': {
    args: (dir) => [dir, '--state', join(dir, 'compose.yml', 'state')],
    says: [/no run can be kept/, /--state/],
  },
  'an unknown flag': { args: (dir) => [dir, '--keeep'], says: [/--keep/] },
  'a duration that is none': { args: (dir) => [dir, '--deadline', 'soon'], says: [/soon/, /10m/] },
}

describe.concurrent('bad input ends with 2, the place and the remedy, and makes nothing', () => {
  it.each(Object.entries(CASES))('%s', async (_, { spoil, args, says }) => {
    await using workshop = openWorkshop()
    const dir = await workshop.recipe('healthy')
    spoil?.(dir)
    const done = await workshop.run(['test', ...(args?.(dir) ?? [dir])])
    for (const words of says) expect(done.stderr).toMatch(words)
    expect(done.exitCode, done.stdout + done.stderr).toBe(2)
    expect(runsOf(workshop)).toEqual([])
  })

  it('an engine that does not answer', async () => {
    await using workshop = openWorkshop()
    const done = await workshop.run(['test', await workshop.recipe('healthy')], {
      env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
    })
    expect(done.stderr).toMatch(/engine/i)
    expect(done.stderr).toMatch(/cc-ci (doctor|engine up)/)
    expect(done.exitCode).toBe(2)
    expect(runsOf(workshop)).toEqual([])
  })

  it('a dirty tree is allowed and recorded', async () => {
    await using workshop = openWorkshop()
    const dir = await workshop.recipe('healthy')
    append(dir, 'README.md', '\nnot committed\n')
    const { stdout } = await workshop.run(['plan', dir, '--json'])
    expect(JSON.parse(stdout).recipe).toMatchObject({
      dirty: true,
      commit: execFileSync('git', ['-C', dir, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim(),
    })
  })
})

function append(dir: string, file: string, text: string): void {
  writeFileSync(join(dir, file), text, { flag: 'a' })
}

function runsOf({ state }: Workshop): string[] {
  try {
    return readdirSync(join(state, 'runs'))
  } catch {
    return []
  }
}

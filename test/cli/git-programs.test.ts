// cspell:ignore applypatch gitdir gpgsig partialclonefilter reflog sendemail uploadpack
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exec, execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { EXECUTABLE_KEYS, HOLDS_NO_PROGRAM, LOOKS_EXECUTABLE, PLANTED_OTHERWISE } from './git-keys.ts'
import { commitAll, write } from './tinkered.ts'

const DEADLINE = { timeoutMs: 120_000 }
const HOOKS =
  'applypatch-msg commit-msg fsmonitor-watchman post-applypatch post-checkout post-commit post-index-change post-merge post-receive post-rewrite post-update pre-applypatch pre-auto-gc pre-commit pre-merge-commit pre-push pre-rebase pre-receive prepare-commit-msg proc-receive push-to-checkout reference-transaction sendemail-validate update'.split(
    ' ',
  )

const ATTRIBUTES = '* filter=x diff=x merge=x\n.env.sample filter=y\ncompose.yml filter=z\n'

type Kind = 'partial' | 'partial and alone' | 'signed'

interface Planted {
  readonly dir: string
  /** What was run, by the names of their rows. */
  marks(): string[]
}

/** Git as it is, without a safe setting. */
function plainGit(dir: string, ...args: string[]) {
  return exec('git', args, { cwd: dir, ...DEADLINE, env: inheritedEnv() })
}

async function textOf(dir: string, ...args: string[]): Promise<string> {
  return (await execOk('git', args, { cwd: dir, ...DEADLINE, env: inheritedEnv() })).stdout.trim()
}

/**
 * A clone of the healthy recipe in which every key, hook and attribute that may name a program names one. `partial`: it lacks a file of HEAD,
 * and would fetch it by a program (`alone`: from nowhere); otherwise its head is signed, and it has neither version nor filter, so that its log is read.
 */
async function planted(workshop: Workshop, kind: Kind): Promise<Planted> {
  const origin = await workshop.recipe('healthy')
  const marks = join(workshop.dir, 'marks')
  const dir = join(workshop.dir, 'planted')
  mkdirSync(marks)
  await execOk('cp', ['-a', origin, dir], DEADLINE)
  write(dir, { '.gitattributes': ATTRIBUTES })
  await commitAll(dir)
  await textOf(origin, 'fetch', '-q', dir, '+HEAD:refs/heads/main', '--update-head-ok')
  write(dir, { '.git/info/attributes': ATTRIBUTES })
  const leaves = (name: string) => {
    const mark = join(marks, name.replace(/[^\w.-]/g, '_'))
    const file = join(workshop.dir, 'programs', name.replace(/[^\w.-]/g, '_'))
    write(workshop.dir, { [`programs/${name.replace(/[^\w.-]/g, '_')}`]: `#!/bin/sh\n: > ${mark}\n` })
    chmodSync(file, 0o755)
    return { run: `touch ${mark}`, program: file }
  }
  const set = (key: string, value: string, file = join(dir, '.git', 'config')) =>
    textOf(workshop.dir, 'config', '--file', file, '--add', key, value)
  for (const { documented, keys } of EXECUTABLE_KEYS)
    for (const [key, value] of Object.entries(keys(leaves(documented)))) await set(key, value)
  const included = join(workshop.dir, 'included')
  await set('filter.z.clean', leaves('include.path').run, included)
  await set('include.path', included)
  await set('includeIf.gitdir:**.path', included)
  await set('log.showSignature', 'true')
  await set('status.submoduleSummary', 'true')
  await set('protocol.allow', 'always')
  await set('protocol.file.allow', 'always')
  await set('remote.origin.url', kind === 'partial and alone' ? '/nowhere' : origin)
  await set('remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*')
  for (const hook of HOOKS)
    for (const folder of ['.git/hooks', '.git/others']) {
      write(dir, { [`${folder}/${hook}`]: `#!/bin/sh\n: > ${join(marks, `hook-${hook}`)}\n` })
      chmodSync(join(dir, folder, hook), 0o755)
    }
  if (kind !== 'signed') {
    await set('core.hooksPath', join(dir, '.git', 'others'))
    await set('core.repositoryFormatVersion', '1')
    await set('extensions.partialClone', 'origin')
    await set('remote.origin.promisor', 'true')
    await set('remote.origin.partialclonefilter', 'blob:none')
    const blob = await textOf(dir, 'rev-parse', 'HEAD:compose.yml')
    rmSync(join(dir, '.git', 'objects', blob.slice(0, 2), blob.slice(2)))
  } else {
    await signHead(dir)
    for (const tag of (await textOf(dir, 'tag')).split('\n').filter(Boolean))
      rmSync(join(dir, '.git', 'refs', 'tags', tag))
  }
  rmSync(marks, { recursive: true })
  mkdirSync(marks)
  return { dir, marks: () => readdirSync(marks).sort() }
}

/** HEAD becomes a commit with a signature for `gpg.program` to look at, and the log of HEAD begins with it. */
async function signHead(dir: string): Promise<void> {
  const safe = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false']
  const body = await textOf(dir, ...safe, 'cat-file', 'commit', 'HEAD')
  const signature = 'gpgsig -----BEGIN PGP SIGNATURE-----\n \n aGVsbG8=\n -----END PGP SIGNATURE-----\n'
  const signed = `${body.replace(/\n\n/, `\n${signature}\n`)}\n`
  const { stdout } = await execOk('git', [...safe, 'hash-object', '-t', 'commit', '-w', '--stdin'], {
    ...{ cwd: dir, ...DEADLINE, env: inheritedEnv(), input: signed },
  })
  const { GIT_COMMITTER_NAME = 'A', GIT_COMMITTER_EMAIL = 'a@example.org' } = {}
  await execOk('git', [...safe, 'update-ref', '-m', 'by hand', '--create-reflog', 'HEAD', stdout.trim()], {
    ...{ cwd: dir, ...DEADLINE, env: { ...inheritedEnv(), GIT_COMMITTER_NAME, GIT_COMMITTER_EMAIL } },
  })
}

/** Every command that reads the folder of a recipe; `init` writes into it and comes last. */
const READERS: readonly (readonly string[])[] = [
  ['plan', 'DIR'],
  ['plan', 'DIR', '--ref', 'HEAD'],
  ['plan'],
  ['lint', 'DIR'],
  ['approve', 'DIR'],
  ['ab', 'DIR', '--ref', 'HEAD..HEAD'],
  ['ab', 'DIR', '--tool-repo', 'DIR', '--tool', 'HEAD..HEAD'],
  ['explain', 'deadline'],
  ['test', '--help'],
  ['init', 'DIR'],
]

describe.concurrent('what the git configuration of a folder names', () => {
  it.each(['partial', 'partial and alone', 'signed'] as const)('is never run (%s clone)', async (kind) => {
    await using workshop = openWorkshop()
    const { dir, marks } = await planted(workshop, kind)
    const said: string[] = []
    for (const args of READERS) {
      const { exitCode, stdout, stderr } = await workshop.run(
        args.map((arg) => (arg === 'DIR' ? dir : arg)),
        { cwd: dir },
      )
      said.push(`${args.join(' ')}: ${exitCode}\n${stdout}${stderr}`)
      expect(marks(), said.at(-1)).toEqual([])
    }
    // They did their work: nothing was kept from running by an error at the start.
    const read = said.filter((one) => (kind === 'partial and alone' ? /^init/ : /^(plan|lint|init)/).test(one))
    for (const line of read) expect(line).toMatch(/^[^\n]*: [01]\n/)
    expect(marks()).toEqual([])
    // The plants are alive: git as it is runs them.
    await plainGit(dir, 'status')
    await plainGit(dir, 'log', '-p', '-1', '--ext-diff')
    await plainGit(dir, 'cat-file', 'blob', 'HEAD:compose.yml')
    for (const file of ['compose.yml', '.env.sample', 'abra.sh']) {
      writeFileSync(join(dir, file), `${'# another\n'.repeat(3)}`)
      await plainGit(dir, 'add', '--', file)
    }
    const run = [
      'core.fsmonitor',
      'filter._driver_.clean',
      'filter._driver_.process',
      'hook-post-index-change',
      'include.path',
    ]
    expect(marks()).toEqual(expect.arrayContaining(run))
    expect(marks()).toContain(kind === 'signed' ? 'gpg.program' : 'remote._name_.uploadpack')
  })

  it('is told apart: the test knows every key that git documents and that may name a program', async () => {
    const documented = (await textOf('/', 'help', '--config')).split('\n')
    expect(documented.length).toBeGreaterThan(500)
    const known = new Set([...EXECUTABLE_KEYS.map((key) => key.documented), ...PLANTED_OTHERWISE])
    const unknown = documented.filter(
      (key) => LOOKS_EXECUTABLE.test(key) && !known.has(key) && !HOLDS_NO_PROGRAM.some((rule) => rule.test(key)),
    )
    expect(unknown).toEqual([])
  })

  it('is refused where a filter cannot be switched off', async () => {
    await using workshop = openWorkshop()
    const dir = await workshop.recipe('healthy')
    const mark = join(workshop.dir, 'mark')
    write(dir, { '.git/info/attributes': '* filter=a=b\n' })
    await textOf(dir, 'config', 'filter.a=b.clean', `touch ${mark}; cat`)
    const { exitCode, stderr } = await workshop.run(['plan', dir])
    expect([exitCode, existsSync(mark)], stderr).toEqual([2, false])
    expect(stderr).toMatch(/defines "filter\.a=b\.clean"\n.*rename it/)
  })
})

describe.concurrent('a folder of somebody else', () => {
  const NOBODY = '65534'

  async function foreign(
    workshop: Workshop,
  ): Promise<{ dir: string; plan: (env?: Record<string, string>) => ReturnType<Workshop['run']> }> {
    const dir = await workshop.recipe('healthy')
    const home = join(workshop.dir, 'home')
    mkdirSync(home)
    await execOk('chown', ['-R', NOBODY, dir], DEADLINE)
    return {
      dir,
      plan: (env = {}) => workshop.run(['plan', dir], { env: { HOME: home, XDG_CONFIG_HOME: home, ...env } }),
    }
  }

  it('is not read, and what to type is told; then it is', async () => {
    await using workshop = openWorkshop()
    const { dir, plan } = await foreign(workshop)
    const refused = await plan()
    expect(refused.exitCode, refused.stderr).toBe(2)
    expect(refused.stderr).toContain(`the git repository ${dir} belongs to another user (uid ${NOBODY}`)
    const typed = /git (config --global --add safe\.directory \S+)/.exec(refused.stderr)?.[1]?.split(' ') ?? []
    const env = { ...inheritedEnv(), HOME: join(workshop.dir, 'home'), XDG_CONFIG_HOME: join(workshop.dir, 'home') }
    await execOk('git', typed, { ...DEADLINE, env })
    const { exitCode, stderr } = await plan()
    expect(exitCode, stderr).toBe(0)
  })

  it('is read for the user who called sudo, as by git', async () => {
    await using workshop = openWorkshop()
    const { plan } = await foreign(workshop)
    const mine = await plan({ SUDO_UID: NOBODY })
    expect(mine.exitCode, mine.stderr).toBe(0)
    expect((await plan({ SUDO_UID: '65533' })).exitCode).toBe(2)
  })
})

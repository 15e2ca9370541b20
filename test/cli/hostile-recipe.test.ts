import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import { openWorkshop } from './cc-ci.ts'
import { commitAll, write } from './tinkered.ts'

interface Attack {
  readonly plant: (dir: string, mark: string) => void | Promise<void>
  /** What the command says; default: it plans as if nothing were there. */
  readonly says?: RegExp
}

/** Each tries to have a command run on the host that makes the file `mark`, or to have a file of the host read. */
const ATTACKS: Readonly<Record<string, Attack>> = {
  'commands in abra.sh': {
    plant: (dir, mark) =>
      writeFileSync(
        join(dir, 'abra.sh'),
        `export SERVE_VERSION=$(touch ${mark})\ntouch ${mark}\nexport A=\`touch ${mark}\`\n`,
      ),
  },
  'commands in .env.sample': {
    plant: (dir, mark) =>
      writeFileSync(join(dir, '.env.sample'), `DOMAIN=a\nX="$(touch ${mark})"\nCOMPOSE_FILE="compose.yml"\n`),
  },
  'an overlay outside of the recipe': {
    plant: (dir) =>
      writeFileSync(join(dir, '.env.sample'), 'DOMAIN=a\nCOMPOSE_FILE="compose.yml:../../../../../etc/passwd"\n'),
    says: /etc\/passwd/,
  },
  'a config that is a file of the host': {
    plant: (dir) => addConfig(dir, '/etc/shadow'),
    says: /compose\.extra\.yml:\d+:\d+.*shadow/,
  },
  'a config that leads out': {
    plant: (dir) => addConfig(dir, '../../../../etc/shadow'),
    says: /compose\.extra\.yml:\d+:\d+.*shadow/,
  },
  'a symbolic link out of the recipe': {
    plant: (dir) => {
      symlinkSync('/etc/shadow', join(dir, 'innocent.txt'))
      addConfig(dir, 'innocent.txt')
    },
    says: /innocent\.txt leads out of the recipe/,
  },
  'a linked folder of customization': {
    plant: (dir) => symlinkSync('/etc', join(dir, 'cc-ci', 'tests')),
    says: /leads out of the recipe/,
  },
  'an alias bomb in compose': {
    plant: (dir) => writeFileSync(join(dir, 'compose.yml'), BOMB('services')),
    says: /compose\.yml/,
  },
  'an alias bomb in the settings': {
    plant: (dir) => write(dir, { 'cc-ci/cc-ci.yml': BOMB('env') }),
    says: /cc-ci\.yml/,
  },
  'hooks, filters and a monitor of git': {
    plant: async (dir, mark) => {
      const script = `#!/bin/sh\ntouch ${mark}\n`
      for (const hook of ['post-checkout', 'pre-commit', 'post-index-change', 'reference-transaction'])
        writeFileSync(join(dir, '.git', 'hooks', hook), script, { mode: 0o755 })
      writeFileSync(join(dir, '.git', 'monitor'), script, { mode: 0o755 })
      writeFileSync(
        join(dir, '.git', 'config'),
        `[core]\n\tfsmonitor = ${dir}/.git/monitor\n\tpager = touch ${mark}\n\tsshCommand = touch ${mark}\n[filter "x"]\n\tclean = touch ${mark}\n\tsmudge = touch ${mark}\n\tprocess = touch ${mark}\n[diff]\n\texternal = touch ${mark}\n`,
      )
      writeFileSync(join(dir, '.gitattributes'), '* filter=x diff=x\n')
    },
  },
  'a submodule with a command for an address': {
    plant: async (dir, mark) => {
      writeFileSync(join(dir, '.gitmodules'), `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch ${mark}"\n`)
      const entry = ['update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},x`]
      await execOk('git', entry, { cwd: dir, timeoutMs: 10_000, env: inheritedEnv() })
      await commitAll(dir)
    },
  },
  'a config file that does something when it is read': {
    plant: (dir, mark) =>
      write(dir, {
        'cc-ci/cc-ci.config.ts': `import { writeFileSync } from 'node:fs'\nimport { defineRecipe } from 'cc-ci'\nwriteFileSync('${mark}', '')\nexport default defineRecipe({ env: () => ({}) })\n`,
      }),
  },
  'a setting that is computed': {
    plant: (dir, mark) =>
      write(dir, {
        'cc-ci/cc-ci.config.ts': `import { defineRecipe } from 'cc-ci'\nexport default defineRecipe({ health: { path: (() => { require('node:fs').writeFileSync('${mark}', ''); return '/' })() } })\n`,
      }),
    says: /cc-ci\.config\.ts:2:\d+/,
  },
}

describe.concurrent('a hostile recipe is read, and nothing of it runs or reaches the host', () => {
  it.each(Object.entries(ATTACKS))('%s', async (_, { plant, says }) => {
    await using workshop = openWorkshop()
    const dir = await workshop.recipe('healthy')
    const mark = join(workshop.dir, 'hacked')
    mkdirSync(join(dir, 'cc-ci'), { recursive: true })
    await plant(dir, mark)
    const done = await workshop.run(['plan', dir])
    expect(existsSync(mark), 'a command ran').toBe(false)
    expect(`${done.stdout}${done.stderr}`).not.toMatch(/root:[x*$]/)
    if (says) expect(done.stderr).toMatch(says)
    expect(done.exitCode, done.stdout + done.stderr).toBe(says ? 2 : 0)
  })

  it.each(['$(touch hacked)', '; touch hacked #', '--upload-pack=touch hacked', '../../etc', 'a\nb', '-x'])(
    'the branch %j',
    async (branch) => {
      await using workshop = openWorkshop()
      const dir = await workshop.recipe('healthy')
      const done = await workshop.run(['plan', dir, `--ref=${branch}`])
      expect(done.exitCode).toBe(2)
      expect(done.stderr).toMatch(/no commit, tag or branch/)
      expect(existsSync(join(workshop.dir, 'hacked'))).toBe(false)
    },
  )

  it('a folder whose name is a command is only a name', async () => {
    await using workshop = openWorkshop()
    const name = '$(touch hacked); `id` & "x'
    const dir = join(workshop.dir, name)
    const made = await workshop.recipe('healthy')
    await execOk('mv', ['--', made, dir], { timeoutMs: 5000 })
    const done = await workshop.run(['plan', dir, '--json'])
    expect(done.exitCode, done.stderr).toBe(0)
    expect(JSON.parse(done.stdout).recipe.name).toBe(name)
    expect(existsSync(join(workshop.dir, 'hacked'))).toBe(false)
  })

  it('a real run of a recipe with such a name stays in its folder and on its stack', async () => {
    await using workshop = openWorkshop()
    const dir = join(workshop.dir, '$(touch hacked); `id`')
    await execOk('mv', ['--', await workshop.recipe('healthy'), dir], { timeoutMs: 5000 })
    const { results, stdout } = await workshop.test([dir, '--only', 'install'])
    expect(results.verdict, stdout).toBe('pass')
    expect(results.run.domain).toMatch(/^touch-hacked-id-\w+\.ci\.test$/)
    expect(existsSync(join(workshop.dir, 'hacked'))).toBe(false)
  })
})

function BOMB(key: string): string {
  const levels = Array.from({ length: 12 }, (_, n) => {
    const inner =
      n === 0
        ? '["x","x","x","x","x","x","x","x","x"]'
        : `[${Array(9)
            .fill(`*a${n - 1}`)
            .join(',')}]`
    return `x-a${n}: &a${n} ${inner}`
  })
  return `${levels.join('\n')}\n${key}: *a11\n`
}

function addConfig(dir: string, file: string): void {
  write(dir, {
    'compose.extra.yml': `version: "3.8"\nservices:\n  app:\n    configs: [stolen]\nconfigs:\n  stolen:\n    name: \${STACK_NAME}_stolen_v1\n    file: ${file}\n`,
  })
  const env = readFileSync(join(dir, '.env.sample'), 'utf8').replace(
    /COMPOSE_FILE=.*/,
    'COMPOSE_FILE="compose.yml:compose.extra.yml"',
  )
  writeFileSync(join(dir, '.env.sample'), env)
}

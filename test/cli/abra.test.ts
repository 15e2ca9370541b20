import { symlinkSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { DIFFERENCES } from '../../src/deploy/differences.ts'
import { Engine } from '../../src/engine/client.ts'
import { converge } from '../../src/engine/convergence/converge.ts'
import { docker, tryDocker } from '../../src/engine/docker-cli.ts'
import { randomId } from '../../src/lib/ids.ts'
import { exec, inheritedEnv } from '../../src/lib/process/exec.ts'
import { STAND_IN } from '../deploy/abra/stand-in.ts'
import { IMAGE } from '../swarm/support/scratch-stack.ts'
import { openWorkshop } from './cc-ci.ts'
import { leftOnEngine, thingsOnEngine } from './started.ts'
import { tierOf } from './tinkered.ts'

/** `cc-ci test --deployer abra` with a stand-in for abra: see docs/decisions/0048. */

const BOT = `bot-${randomId(6)}`
/** As backup-bot-two is called, and what it prints of a snapshot. */
const BACKUP = `#!/bin/sh
[ "$1 $2" = "-- create" ] || exit 2
echo "INFO backing up $SERVICE"
echo "INFO backup finished, snapshot_id: 1f2e3d4c5b6a79880123456789abcdef0123456789abcdef0123456789abcdef"
`

beforeAll(async () => {
  const dir = openWorkshop()
  await using _ = dir
  writeFileSync(join(dir.dir, 'backup'), BACKUP)
  const compose = {
    version: '3.8',
    services: {
      app: {
        image: IMAGE,
        command: ['/bin/sh', '-c', "trap 'exit 0' TERM; while :; do sleep 1 & wait $$!; done"],
        configs: [{ source: 'backup', target: '/usr/bin/backup', mode: 0o555 }],
        deploy: { labels: { 'coop-cloud.backupbot.enabled': 'true' } },
      },
    },
    configs: { backup: { file: 'backup' } },
  }
  const file = join(dir.dir, 'compose.json')
  writeFileSync(file, JSON.stringify(compose))
  await docker(['stack', 'deploy', '--resolve-image', 'never', '--compose-file', file, BOT])
  const engine = await Engine.connect()
  const expected = await engine.services(BOT)
  await converge(engine, { stack: BOT, expected, timeoutMs: 120_000 })
})
afterAll(async () => void (await tryDocker(['stack', 'rm', BOT])))

const ABRA = { CC_CI_ABRA: STAND_IN }

describe.concurrent('a run that deploys with abra', () => {
  it('takes a healthy recipe through its whole life', async ({ expect }) => {
    await using workshop = openWorkshop()
    const bin = join(workshop.dir, 'bin')
    await mkdir(bin)
    symlinkSync(STAND_IN, join(bin, 'abra'))
    const env = { PATH: [bin, inheritedEnv().PATH].join(delimiter) }
    const recipe = await workshop.recipe('healthy')
    const { results, stdout } = await workshop.test([recipe, '--deployer', 'abra'], { env })
    expect([results.verdict, results.level], stdout).toEqual(['pass', 6])
    expect(results.environment?.deployer).toBe('abra 0.13.0-beta (06a57de)')
    expect(results.flags).toEqual({ cleanTeardown: true, noSecretLeak: true })
    expect(results.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['deployer-unproven', 'backed-up-by-bot']),
    )
    expect(tierOf(results, 'backup').checks).toContainEqual(
      expect.objectContaining({ id: 'bot-backed-up', outcome: 'pass' }),
    )
    const told = [...results.accommodations, ...results.findings.map(({ code }) => code)]
    for (const { shown, test } of DIFFERENCES)
      if (shown !== undefined && test[0] === 'cli/abra.test.ts')
        expect(told).toContainEqual(expect.stringMatching(new RegExp(`^${shown}`)))
    const [, head] = tierOf(results, 'upgrade').evidence.flatMap((one) =>
      one.kind === 'head-deployed' ? [one.commit, one.label] : [],
    )
    expect(head).toBe(`${results.recipe.commit.slice(0, 8)}+U`)
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it.for([
    ['crash-loop', 'install', 'crash-loop', 'recipe'],
    ['secret-by-hand', 'install', 'secret-missing', 'recipe'],
    ['config-not-bumped', 'upgrade', 'config-version-not-bumped', 'recipe'],
    ['data-lost', 'upgrade', 'data-lost', 'recipe'],
  ] as const)('tells the true cause of %s', async ([name, tier, code, blame], { expect }) => {
    await using workshop = openWorkshop()
    const { results, stdout } = await workshop.test([await workshop.recipe(name), '--deployer', 'abra'], { env: ABRA })
    const { status, cause } = tierOf(results, tier)
    expect([status, cause?.code, cause?.blame], stdout).toEqual(['fail', code, blame])
    expect(results.flags.cleanTeardown).toBe(true)
  })

  it('does not begin without abra, or with another version', async ({ expect }) => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('healthy')
    const none = await workshop.run(['test', recipe, '--deployer', 'abra'], { env: { CC_CI_ABRA: '/nowhere/abra' } })
    expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('there is no abra')])
    const other = join(workshop.dir, 'abra')
    writeFileSync(other, '#!/bin/sh\necho "abra version 0.10.1-beta-1234567"\n', { mode: 0o755 })
    const old = await workshop.run(['test', recipe, '--deployer', 'abra'], { env: { CC_CI_ABRA: other } })
    expect([old.exitCode, old.stderr]).toEqual([2, expect.stringContaining('is abra 0.10.1-beta')])
    expect((await exec('ls', [join(workshop.state, 'runs')], { timeoutMs: 10_000 })).stdout).toBe('')
  })

  it('is compared with what cc-ci takes abra for by doctor, which leaves nothing', async ({ expect }) => {
    await using workshop = openWorkshop()
    const doctor = async (CC_CI_ABRA: string) => {
      const { exitCode, stdout } = await workshop.run(['doctor', '--deployer', 'abra', '--json'], {
        env: { CC_CI_ABRA },
      })
      const { rows } = JSON.parse(stdout) as { rows: { id: string; result: string; seen: string }[] }
      return { exitCode, rows, differs: rows.flatMap(({ id, result }) => (result === 'differs' ? [id] : [])) }
    }
    expect(await doctor(STAND_IN)).toMatchObject({ exitCode: 0, differs: [] })
    const other = join(workshop.dir, 'abra')
    const lines = [
      '#!/bin/sh',
      '[ "$1" = --version ] && echo "abra version 0.14.0-beta" && exit 0',
      '[ "$2 $4" = "undeploy -n" ] && exit 0',
      `exec ${STAND_IN} "$@"`,
    ]
    writeFileSync(other, `${lines.join('\n')}\n`, { mode: 0o755 })
    expect(await doctor(other)).toMatchObject({ exitCode: 3, differs: ['version', 'undeploy-twice'] })
    expect((await thingsOnEngine()).filter((thing) => thing.includes('ccci-probe'))).toEqual([])
  })
})

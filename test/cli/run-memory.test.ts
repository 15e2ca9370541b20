import { join } from 'node:path'
import { expect, test } from 'vitest'
import { helper, type Library, library, SERVE } from '../../src/canaries/library.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'

const WAITS = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"
const HOLDS = (mib: number) => `dd if=/dev/zero of=/dev/shm/held bs=1M count=${mib}; ${WAITS}`
const EATS = 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'

async function recipe({ dir }: Workshop, changes: Library): Promise<string> {
  return (await buildRepository(library({ released: false, ...changes })('held'), join(dir, 'held'))).dir
}

test.concurrent('services without limits share what the run has, and one may need most of it', async () => {
  await using workshop = openWorkshop()
  const dir = await recipe(workshop, {
    app: { run: `dd if=/dev/zero of=/dev/null bs=1500M count=1; ${SERVE}`, startPeriod: '120s' },
    beside: { worker: () => helper(WAITS, 'any'), store: () => helper(HOLDS(16), 'any') },
  })
  // What a server gives where nobody says anything.
  const { results, stdout } = await workshop.test([dir, '--only', 'install', '--run-memory', '2G'])
  expect(results.verdict, stdout).toBe('pass')
  expect(results.environment).toMatchObject({ runMemoryBytes: 2 * 1024 ** 3 })
  const reported = ['app', 'store', 'worker'].map((name) => `${name}: at most .* GiB of memory \\(run memory\\)`)
  // Images of the machine can be named by any recipe: whoever reads the results sees that it was none of a registry.
  for (const line of [...reported, 'was built on this machine: used by its id, not pulled'])
    expect(results.accommodations).toContainEqual(expect.stringMatching(line))
})

test.concurrent('services that hold more together than the run has end it, each below its own limit', async () => {
  await using workshop = openWorkshop()
  const dir = await recipe(workshop, {
    beside: { cache: () => helper(HOLDS(60), 'any'), store: () => helper(HOLDS(50), 'any') },
  })
  const { results, exitCode, stdout } = await workshop.test([dir, '--run-memory', '96M'])
  expect(exitCode, stdout).toBe(3)
  expect(results.tiers.find(({ id }) => id === 'install')?.cause).toMatchObject({
    ...{ code: 'run-memory', blame: 'infra', service: 'cache' },
    message: expect.stringMatching(/all services together used \d+ MiB of memory, more than the 96 MiB of the run/),
    hint: expect.stringContaining('--run-memory'),
  })
  expect(results.flags.cleanTeardown).toBe(true)
  expect(await leftOnEngine(workshop)).toEqual([])
})

test.concurrent('what a hook is killed for at a limit that is not the recipe’s is not blamed on the recipe', async () => {
  await using workshop = openWorkshop()
  const dir = await recipe(workshop, {
    app: { labels: [`backupbot.backup.pre-hook=sh -c '${EATS.replaceAll('$', '$$$$')}'`] },
  })
  const { results, stdout } = await workshop.test([dir, '--only', 'backup', '--run-memory', '64M', '--no-repeat'])
  const tier = results.tiers.find(({ id }) => id === 'backup')
  expect(tier, stdout).toMatchObject({
    status: 'unverified',
    cause: { code: 'run-memory', blame: 'infra', service: 'app' },
  })
  expect(tier?.cause?.lines[0]).toMatch(/^backup-hook-failed/)
  expect(tier?.cause?.message).toContain('64 MiB')
})

test.concurrent('who starts runs gives them their memory by the environment, and the command line counts before it', async () => {
  await using workshop = openWorkshop()
  const dir = await recipe(workshop, {})
  const planned = async (given: string, ...args: string[]) => {
    const done = await workshop.run(['plan', dir, '--json', ...args], { env: { CC_CI_RUN_MEMORY: given } })
    return { ...done, memory: done.exitCode === 0 ? JSON.parse(done.stdout).memory : null }
  }
  const MIB = 1024 ** 2
  // As a worker writes it.
  expect((await planned('65536K')).memory).toMatchObject({
    ...{ runBytes: 64 * MIB, from: 'CC_CI_RUN_MEMORY' },
    services: [{ service: 'app', bytes: 64 * MIB, by: 'run' }],
  })
  expect((await planned('65536K', '--run-memory', '32M')).memory).toMatchObject({
    ...{ runBytes: 32 * MIB, from: '--run-memory' },
  })
  expect((await planned(' ')).memory).toMatchObject({ from: 'three quarters of this machine' })
  const wrong = await planned('much')
  expect(wrong.exitCode, wrong.stderr).toBe(2)
})

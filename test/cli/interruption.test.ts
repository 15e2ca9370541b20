import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openWorkshop } from './cc-ci.ts'
import { leftOnEngine, runFiles, start, untilEvent } from './started.ts'

describe('a run that is stopped', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s takes the app down, proves it and exits with %i', async (signal, code) => {
    await using workshop = openWorkshop()
    const run = start(workshop, ['test', await workshop.recipe('healthy')])
    await untilEvent(workshop, run, 'image')
    run.kill(signal)
    expect(await run.exited, run.output()).toBe(code)
    expect(await leftOnEngine(workshop)).toEqual([])
    const results = JSON.parse(readFileSync(runFiles(workshop, 'results.json')[0] ?? '', 'utf8'))
    expect(results.verdict).toBe('unverified')
    expect(results.flags.cleanTeardown).toBe(true)
    const tier = (name: string) => results.tiers.find(({ id }: { id: string }) => id === name)
    expect(tier('install').cause.code).toBe('interrupted')
    expect(tier('functional')).toMatchObject({ status: 'skip', reason: 'no custom tests' })
  })

  it('by a second SIGINT leaves the rest to gc, which removes it', async () => {
    await using workshop = openWorkshop()
    const run = start(workshop, ['test', await workshop.recipe('deaf-to-sigterm')])
    await untilEvent(workshop, run, 'image')
    run.kill('SIGINT')
    await untilEvent(workshop, run, 'tier.started', 'teardown')
    run.kill('SIGINT')
    expect(await run.exited, run.output()).toBe(130)
    const gc = await workshop.run(['gc'])
    expect(gc.exitCode, gc.stdout + gc.stderr).toBe(0)
    expect(await leftOnEngine(workshop)).toEqual([])
  })
})

/** How many random kills: a few in every test run; `CC_CI_KILLS=30` for the long proof. */
const KILLS = Number(process.env.CC_CI_KILLS ?? 3)

describe('a run that is killed', () => {
  it.each(Array.from({ length: KILLS }, (_, index) => index))(
    'at a random moment is removed by the next gc (%i)',
    async () => {
      await using workshop = openWorkshop()
      const recipe = await workshop.recipe('healthy')
      const run = start(workshop, ['test', recipe])
      const afterMs = Math.random() * 14_000
      const timer = setTimeout(() => run.kill('SIGKILL'), afterMs)
      await run.exited
      clearTimeout(timer)
      const gc = await workshop.run(['gc'])
      expect(gc.exitCode, `killed after ${afterMs} ms\n${gc.stdout}${gc.stderr}`).toBe(0)
      expect(await leftOnEngine(workshop), `killed after ${afterMs} ms`).toEqual([])
    },
  )

  it('never costs a run that is still going', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('healthy')
    const killed = start(workshop, ['test', recipe])
    await untilEvent(workshop, killed, 'image')
    killed.kill('SIGKILL')
    await killed.exited
    const next = await workshop.test([recipe])
    expect(next.results.verdict, next.stdout).toBe('pass')
    expect(await leftOnEngine(workshop)).toEqual([])
  })
})

describe('runs at the same time', () => {
  it('four of one recipe do not see each other', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('healthy')
    const done = await Promise.all(Array.from({ length: 4 }, () => workshop.test([recipe])))
    for (const { results, stdout } of done) expect(results.verdict, stdout).toBe('pass')
    expect(new Set(done.map(({ results }) => results.run.id)).size).toBe(4)
    expect(await leftOnEngine(workshop)).toEqual([])
  })
})

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { all, label, publishedPort, type RecipeChange, secondHost, unlabel } from '../../src/canaries/changes.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { type TinyOptions, tinyRecipe } from '../../src/canaries/tiny.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { tierOf } from './tinkered.ts'

/** No settings of its own: everything is as for somebody who wrote none. */
const DEFAULTS = { 'cc-ci/cc-ci.yml': '' }
const RULE = 'traefik.http.routers.${STACK_NAME}.rule'
const CHECK = 'what the base did is still there'

const misspelt: RecipeChange = all(unlabel(RULE), label('traefik.http.router.${STACK_NAME}.rule', 'Host(`${DOMAIN}`)'))

interface Recipe {
  readonly base?: RecipeChange
  readonly head?: RecipeChange
  readonly settings?: string
}

async function recipe(workshop: Workshop, { base, head, settings = '' }: Recipe): Promise<string> {
  const files = { ...DEFAULTS, 'cc-ci/cc-ci.yml': settings }
  const options: TinyOptions = {
    name: 'tiny',
    base: { files, ...(base ? { compose: base } : {}) },
    head: { files, ...(head ? { compose: head } : {}) },
  }
  return (await buildRepository(tinyRecipe(options), join(workshop.dir, 'tiny'))).dir
}

async function judged(recipeOf: Recipe, args: readonly string[] = []) {
  await using workshop = openWorkshop()
  const dir = await recipe(workshop, recipeOf)
  const { results, exitCode, stdout } = await workshop.test([dir, ...args])
  return { results, exitCode, stdout, tier: (id: string) => tierOf(results, id) }
}

describe.concurrent('what was there must still be there', () => {
  it('a misspelt router of head is told at once, and by lint with its line', async () => {
    const { tier, results, exitCode } = await judged({ head: misspelt })
    expect(exitCode).toBe(1)
    expect(tier('install').status).toBe('pass')
    const { cause, durationMs } = tier('upgrade')
    expect(cause).toMatchObject({ code: 'proxy-fallback', blame: 'recipe', service: 'app' })
    expect(cause?.lines.join('\n')).toContain('Did you mean "routers"?')
    expect(durationMs).toBeLessThan(60_000)
    expect(tier('lint').cause).toMatchObject({ code: 'http-not-serving' })
    const found = results.findings.find(({ code }) => code === 'CC15')
    expect(found).toMatchObject({ severity: 'error', message: expect.stringContaining('Did you mean "routers"?') })
    expect(found?.where).toMatch(/^compose\.yml:\d+:\d+$/)
    expect(results.level).toBeLessThanOrEqual(1)
  })

  it('the same typo in base and head, or in a recipe without a base, is no app without HTTP', async () => {
    for (const args of [[], ['--base', 'none']]) {
      const { tier, results, exitCode } = await judged({ base: misspelt, head: misspelt }, args)
      expect(exitCode).toBe(1)
      expect(tier('install').cause).toMatchObject({ code: 'proxy-fallback', blame: 'recipe' })
      expect(results.level).toBe(0)
    }
  })

  it('an app that asks for no HTTP any more is not smaller but broken', async () => {
    const { tier, exitCode } = await judged({ head: unlabel('traefik.') })
    expect(exitCode).toBe(1)
    expect(tier('upgrade').cause).toMatchObject({ code: 'regression', blame: 'recipe' })
    expect(tier('upgrade').cause?.lines).toContain('http: nothing is served over HTTP any more')
  })

  it('a second host that head leaves out', async () => {
    const { tier, exitCode } = await judged({ base: secondHost })
    expect(exitCode).toBe(1)
    expect(tier('upgrade').cause).toMatchObject({ code: 'regression', blame: 'recipe' })
    expect(tier('upgrade').cause?.lines).toContain('route:www.DOMAIN/: nothing leads to www.DOMAIN/ any more')
  })

  it('a port that head no longer publishes', async () => {
    const { tier, exitCode } = await judged({ base: publishedPort(18_975) }, ['--allow', 'host-port'])
    expect(exitCode).toBe(1)
    expect(tier('upgrade').cause).toMatchObject({
      code: 'regression',
      message: expect.stringContaining('18975/tcp of app'),
    })
  })

  it('a published port behind which nothing listens any more', async () => {
    const { tier, exitCode } = await judged({ base: publishedPort(18_976), head: publishedPort(18_976, 8081) }, [
      '--allow',
      'host-port',
    ])
    expect(exitCode).toBe(1)
    expect(tier('upgrade').cause).toMatchObject({
      code: 'regression',
      message: expect.stringMatching(/nothing listens behind 18976\/tcp of app any more: .*refused/),
    })
  })

  it('backup labels that are gone while the data is still there', async () => {
    const { tier, exitCode } = await judged({ head: unlabel('backupbot.') })
    expect(exitCode).toBe(1)
    expect(tier('upgrade').cause).toMatchObject({
      code: 'regression',
      message: expect.stringContaining('data is not backed up'),
    })
  })

  it('what the recipe says it leaves out is a finding with its reason', async () => {
    const settings = `removed:
  route:www.DOMAIN/: the second name is retired
  port:18977/tcp: nobody used it
  backup: a mirror of what lies elsewhere
  route:old.DOMAIN/: said too much
`
    const head = unlabel('backupbot.')
    const { tier, results, exitCode, stdout } = await judged(
      { base: all(secondHost, publishedPort(18_977)), head, settings },
      ['--allow', 'host-port', '--only', 'upgrade'],
    )
    expect(exitCode, stdout).toBe(0)
    expect(tier('upgrade').evidence).toContainEqual(
      expect.objectContaining({ kind: 'still-there', gone: ['route:www.DOMAIN/', 'port:18977/tcp', 'backup'] }),
    )
    const reported = results.findings.filter(({ code }) => code === 'no-longer-there' || code === 'removed-not-lost')
    expect(reported.map(({ code, severity }) => [code, severity])).toEqual([
      ['no-longer-there', 'info'],
      ['no-longer-there', 'info'],
      ['no-longer-there', 'info'],
      ['removed-not-lost', 'warning'],
    ])
    expect(reported[0]?.message).toContain('(declared: the second name is retired)')
  })

  it('a recipe that asks for no HTTP in both says so in plan and summary', async () => {
    await using workshop = openWorkshop()
    const dir = await recipe(workshop, { base: unlabel('traefik.'), head: unlabel('traefik.') })
    const plan = await workshop.run(['plan', dir])
    expect(plan.stdout).toMatch(/^http {6}no HTTP to ask for: no service has a label/m)
    const { exitCode, stdout, results } = await workshop.test([dir, '--only', 'upgrade'])
    expect(exitCode, stdout).toBe(0)
    expect(stdout).toContain('  no HTTP to ask for: no service has a label')
    expect(tierOf(results, 'upgrade').checks.map(({ name }) => name)).toContain(CHECK)
  })

  it('plan names what head leaves out, and the way to give an upgraded app its new values', async () => {
    await using workshop = openWorkshop()
    const files = { 'cc-ci/cc-ci.yml': '' }
    const steps = tinyRecipe({ name: 'tiny', base: { compose: secondHost }, head: { files, env: 'FLAVOUR=new\n' } })
    const { dir } = await buildRepository(steps, join(workshop.dir, 'tiny'))
    const { stdout } = await workshop.run(['plan', dir])
    expect(stdout).toMatch(/^left out {2}nothing leads to www\.DOMAIN\/ any more \(route:www\.DOMAIN\/\)$/m)
    expect(stdout).toMatch(/not given to an upgraded app: FLAVOUR \(`upgrade\.env`/)
    expect(stdout).toMatch(/^http {6}app by Host\(`DOMAIN`\); asked at DOMAIN\/$/m)
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXIT } from '../../src/lib/errors.ts'
import { LAUNCHER, openWorkshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { tinkered } from './tinkered.ts'

it('a run comes to its end and its teardown though nobody can be told anything', async () => {
  await using workshop = openWorkshop()
  const recipe = await workshop.recipe('healthy')
  const full = openSync('/dev/full', 'w')
  const args = ['test', recipe, '--state', workshop.state, '--only', 'install', '--no-repeat']
  const child = spawn(LAUNCHER, args, { stdio: ['ignore', full, full] })
  expect(await once(child, 'close')).toEqual([EXIT.unverified, null])
  closeSync(full)
  const [id = ''] = readdirSync(join(workshop.state, 'runs'))
  const { verdict, flags } = JSON.parse(readFileSync(join(workshop.state, 'runs', id, 'results.json'), 'utf8'))
  expect([verdict, flags.cleanTeardown]).toEqual(['pass', true])
  expect(await leftOnEngine(workshop)).toEqual([])
})

describe('commands that only look', () => {
  it('end as ever when nobody reads on, as under `| head`', async () => {
    const child = spawn(LAUNCHER, ['explain'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let complaints = ''
    child.stderr.on('data', (chunk) => (complaints += chunk))
    expect(await once(child, 'close')).toEqual([0, null])
    expect(complaints).toBe('')
  })

  it.each([
    ['explain', ['explain', 'crash-loop'], EXIT.unverified],
    ['--help', ['--help'], EXIT.unverified],
    ['an error', ['nonsense'], EXIT.usage],
  ])('say in one line that a full disk did not take what they print: %s', async (_, args, exitCode) => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(LAUNCHER, args, { stdio: ['ignore', full, 'pipe'] })
    let complaints = ''
    child.stderr?.on('data', (chunk) => (complaints += chunk))
    expect(await once(child, 'close')).toEqual([exitCode, null])
    closeSync(full)
    const said =
      exitCode === EXIT.usage ? /unknown command/ : /^cc-ci: standard output is not complete: ENOSPC[^\n]*\n$/
    expect(complaints).toMatch(said)
  })

  it('plan says what a run would do and why, and leaves nothing', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('pocketbase')
    const text = await workshop.run(['plan', recipe])
    expect(text.stdout).toMatch(/base +2\.0\.0\+0\.36\.9 \(tag/)
    expect(text.stdout).toMatch(/differs +app: image/)
    expect(text.stdout).toMatch(/health\.path .*cc-ci\/cc-ci\.yml:2/)
    const { base, tiers } = JSON.parse(
      (await workshop.run(['plan', recipe, '--json', '--base', '1.0.0+0.30.4'])).stdout,
    )
    expect(base).toMatchObject({ version: '1.0.0+0.30.4', source: 'pin' })
    expect(tiers.find(({ id }: { id: string }) => id === 'functional')).toMatchObject({ kind: 'structural' })
    expect(existsSync(workshop.state)).toBe(false)
  })

  it('plan says why nothing is killed, in the words of whoever declared it', async () => {
    await using workshop = openWorkshop()
    const kind = 'declared'
    for (const [settings, reason] of [
      ['resilience: false\n', 'nothing may be killed: the setting resilience is false'],
      ['resilience: false\nnotApplicable: {resilience: a game server}\n', 'a game server'],
    ] as const) {
      const recipe = await tinkered(workshop, { 'cc-ci/cc-ci.yml': settings })
      const { tiers, findings } = JSON.parse((await workshop.run(['plan', recipe, '--json'])).stdout)
      expect(tiers.find(({ id }: { id: string }) => id === 'resilience')).toEqual({ id: 'resilience', kind, reason })
      expect(findings).toEqual([])
      rmSync(recipe, { recursive: true })
    }
  })

  it('lint shows every rule with its subject and fails on an error-level one', async () => {
    await using workshop = openWorkshop()
    const good = await workshop.run(['lint', await workshop.recipe('custom-html')])
    expect(good.stdout).toMatch(/R009/)
    expect(good.stdout).toMatch(/\n\n\d+ kept(, \d+ \w+)*\n$/)
    expect(good.exitCode, good.stdout).toBe(0)
  })

  it('lint --quiet shows what breaks a rule, and nothing else', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('custom-html')
    const file = join(recipe, 'compose.yml')
    const compose = readFileSync(file, 'utf8')
    writeFileSync(file, compose.replaceAll('traefik.http.routers.', 'traefik.http.router.'))
    const whole = await workshop.run(['lint', recipe, '--json'])
    const broken = (JSON.parse(whole.stdout) as { id: string; ok: boolean; skipped?: boolean }[]).filter(
      ({ ok, skipped }) => !ok && !skipped,
    )
    const quiet = await workshop.run(['lint', recipe, '-q'])
    expect(broken.length).toBeGreaterThan(0)
    expect(quiet.stdout.match(/^(error|warning) /gm)).toHaveLength(broken.length)
    expect(quiet.stdout).not.toMatch(/^(ok|skip) |kept/m)
    expect(quiet.exitCode).toBe(whole.exitCode)
    expect((await workshop.run(['lint', recipe, '-q', '--json'])).exitCode).toBe(2)
  })

  it('test --grep needs a regular expression, and the app of a kept run', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('custom-html')
    const wrong = await workshop.run(['test', recipe, '--attach', 'last', '--grep', '('])
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('Not a regular expression')])
    const alone = await workshop.run(['test', recipe, '--grep', 'logs in'])
    expect([alone.exitCode, alone.stderr]).toEqual([2, expect.stringContaining('cc-ci test --keep')])
  })

  it('explain tells what a cause means, and what was meant', async () => {
    await using workshop = openWorkshop()
    expect((await workshop.run(['explain', 'crash-loop'])).stdout).toMatch(/starts and ends again and again/)
    const typo = await workshop.run(['explain', 'crash-lop'])
    expect([typo.exitCode, typo.stderr]).toEqual([2, expect.stringMatching(/crash-loop/)])
    expect((await workshop.run(['explain'])).stdout.split('\n').length).toBeGreaterThan(40)
  })

  it('doctor says of each part what it found', async () => {
    await using workshop = openWorkshop()
    const done = await workshop.run(['doctor', '--json'])
    expect(done.exitCode, done.stdout).toBe(0)
    const rows = JSON.parse(done.stdout) as { id: string; state: string; detail: string }[]
    expect(rows.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['engine', 'swarm', 'proxy', 'edge', 'browser', 'disk']),
    )
    for (const row of rows)
      expect(row, JSON.stringify(row)).toMatchObject({ state: 'ok', detail: expect.stringMatching(/./) })
  })

  it('help names every command, and completion knows their flags', async () => {
    await using workshop = openWorkshop()
    const help = await workshop.run(['--help'])
    for (const name of ['test', 'plan', 'lint', 'doctor', 'engine', 'runs', 'gc', 'explain'])
      expect(help.stdout).toContain(`  ${name}`)
    expect((await workshop.run(['complete', 'bash'])).stdout).toMatch(/cc-ci/)
    expect((await workshop.run(['complete', '--', 'test', '--ba'])).stdout).toContain('--base')
  })
})

describe('runs', () => {
  it('are listed, shown, kept, and removed by gc when named', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('healthy')
    const { results, exitCode, stdout } = await workshop.test([recipe, '--only', 'install', '--base', 'none', '--keep'])
    expect(exitCode, stdout).toBe(0)
    expect(results.level).toBe(1)
    expect(results.tiers.filter(({ status }) => status === 'pass').map(({ id }) => id)).toEqual(['install'])
    expect((await leftOnEngine(workshop)).filter((name) => name.includes('ccci'))).toEqual([])
    expect((await leftOnEngine(workshop)).filter((name) => name.startsWith('service'))).toHaveLength(1)
    expect((await workshop.run(['gc'])).stdout).toMatch(/nothing to remove/)
    const kept = await workshop.run(['gc', '--runs', '--older-than', '0s'])
    expect(kept.stdout).toMatch(new RegExp(`^nothing to prune[^]*left alone: 1 run\\n  ${results.run.id}  kept `))
    expect((await workshop.run(['runs'])).stdout).toMatch(
      new RegExp(
        `^${results.run.id}  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d +[\\d.]+ (s|min .*)  healthy +pass +level 1$`,
        'm',
      ),
    )
    const shown = await workshop.run(['runs', 'last', '--json'])
    expect(JSON.parse(shown.stdout).run.id).toBe(results.run.id)
    const report = (await workshop.run(['runs', 'last', '--report'])).stdout.trim()
    expect(report).toBe(join(workshop.state, 'runs', results.run.id, 'report.html'))
    expect(readFileSync(report, 'utf8')).toContain('healthy')
    const gc = await workshop.run(['gc', results.run.id.slice(-6)])
    expect(gc.exitCode, gc.stdout + gc.stderr).toBe(0)
    expect(await leftOnEngine(workshop)).toEqual([])
    const pruned = await workshop.run(['gc', '--runs', '--older-than', '0s'])
    expect(pruned.stdout, pruned.stderr).toMatch(/^freed \d+ KiB of 1 run: /m)
    const left = ['artifacts', 'events.ndjson', 'pruned.json', 'results.json', 'run.json']
    expect(readdirSync(join(workshop.state, 'runs', results.run.id)).sort()).toEqual(left)
    expect((await workshop.run(['runs', 'last'])).stdout).toMatch(
      /pruned on [\d-]+: logs, pictures, report, checkouts$/m,
    )
  })

  it('that do not exist are an error that says where was looked', async () => {
    await using workshop = openWorkshop()
    const done = await workshop.run(['runs', 'nosuch'])
    expect([done.exitCode, done.stderr]).toEqual([2, expect.stringMatching(/no run "nosuch" in/)])
  })
})

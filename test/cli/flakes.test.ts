import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { execOk } from '../../src/lib/process/exec.ts'
import { readEvents } from '../../src/verdict/event-log.ts'
import type { Results } from '../../src/verdict/results.ts'
import { undetected } from '../verdict/tampering.ts'
import { openWorkshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { tierOf, tinkered } from './tinkered.ts'

const NO_BASE = ['--base', 'none', '--allow', 'foreign-volume']
/** Has the shell know how often it was run, by both attempts. */
const COUNT = 'echo x >> /outside/attempts; attempt=$(wc -l < /outside/attempts)'

describe.concurrent('a tier that fails for a reason that may be chance', () => {
  it('is judged once more on a fresh stack; a pass then is a pass that says it is flaky, with the evidence of both', async () => {
    await using workshop = openWorkshop()
    await using outside = await volumeOutside()
    const hook = `${COUNT}; [ "$attempt" = 2 ] || exit 3`
    const recipe = await tinkered(workshop, { 'cc-ci/compose.ci.yml': overlay(outside.name, { hook }) })
    const { results, exitCode, stdout } = await workshop.test([recipe, ...NO_BASE, '--only', 'backup'], {
      again: true,
    })
    expect({ exitCode, verdict: results.verdict }, stdout).toEqual({ exitCode: 0, verdict: 'pass' })
    const [first] = results.attempts ?? []
    expect(first).toMatchObject({
      attempt: 1,
      verdict: 'fail',
      because: 'repeated: backup ended with backup-hook-failed',
    })
    const firstOf = (id: string) => first?.tiers.find((tier) => tier.id === id)
    expect(firstOf('backup')).toMatchObject({ status: 'fail', cause: { code: 'backup-hook-failed', service: 'app' } })
    expect(kindsOf(firstOf('install'))).toEqual(kindsOf(tierOf(results, 'install')))
    expect(kindsOf(firstOf('teardown'))).toEqual(['ledger'])
    expect(results.findings).toContainEqual({
      code: 'flaky',
      severity: 'warning',
      message: expect.stringMatching(
        /^backup passed on a fresh stack; at first it ended with backup-hook-failed \(blame: recipe\)/,
      ),
    })
    expect(results.flags).toEqual({ cleanTeardown: true, noSecretLeak: true })
    expect(stdout).toMatch(/✓ PASS \(flaky: backup backup-hook-failed at first\)/)
    expect(stdout).toMatch(/once more on a fresh stack: backup ended with backup-hook-failed/)
    expect((await workshop.run(['runs'])).stdout).toContain('flaky: backup backup-hook-failed at first')
    const rate = /backup passed on the second attempt; 1 of 1 run of this tier in the last 28 d: 100 %, flaky since/
    expect(stdout).toMatch(rate)
    expect((await workshop.run(['runs', 'last'])).stdout).toMatch(rate)
    expect((await workshop.run(['runs', '--flaky'])).stdout).toMatch(
      / backup\n {4}flaky 1 of 1 runs \(100 %\), 2 attempts/,
    )

    const dir = join(workshop.state, 'runs', results.run.id)
    const logs = (folder: string) => readdirSync(join(dir, folder)).filter((name) => name.startsWith('app.'))
    expect([logs('logs/attempt-1').length, logs('logs').length]).toEqual([1, 1])
    expect(logs('logs/attempt-1')).not.toEqual(logs('logs'))
    expect(results.artifacts.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'artifacts/install.png',
        'artifacts/attempt-2/install.png',
        `logs/attempt-1/${logs('logs/attempt-1')[0]}`,
      ]),
    )
    expect(tierOf(results, 'install').evidence).toContainEqual(
      expect.objectContaining({ kind: 'page', screenshot: 'artifacts/attempt-2/install.png' }),
    )
    expect(readFileSync(join(dir, 'artifacts/junit.xml'), 'utf8')).toContain('<flakyFailure')
    const report = readFileSync(join(dir, 'report.html'), 'utf8')
    expect(report).toContain('Attempt 1')
    expect(report).toMatch(rate)
    expect(undetected(readEvents(join(dir, 'events.ndjson')))).toEqual([])
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it('is red when the second attempt fails too, with its cause and that of the first', async () => {
    await using workshop = openWorkshop()
    await using outside = await volumeOutside()
    const once = `${COUNT}; exit $((2 + attempt))`
    const recipe = await tinkered(workshop, { 'cc-ci/compose.ci.yml': overlay(outside.name, { once }) })
    const { results, exitCode, stdout } = await workshop.test([recipe, ...NO_BASE, '--only', 'install'], {
      again: true,
    })
    expect(exitCode, stdout).toBe(1)
    expect(tierOf(results, 'install').cause).toMatchObject({
      code: 'one-shot-failed',
      message: expect.stringContaining('exit code 4'),
    })
    expect(results.findings).toContainEqual({
      code: 'repeated',
      severity: 'info',
      message: expect.stringMatching(/exit code 4.* on a fresh stack too; at first with .*exit code 3/),
    })
    expect(stdout).toMatch(/at first: one-shot-failed: .*exit code 3/)
    expect(await outside.attempts()).toBe(2)
    expect(await leftOnEngine(workshop)).toEqual([])
  })
})

/** Keeps count of the attempts where no teardown reaches: in a volume that is not the run's. */
async function volumeOutside() {
  const name = `cc-ci-test-outside-${Math.random().toString(36).slice(2, 10)}`
  await execOk('docker', ['volume', 'create', name], { timeoutMs: 30_000 })
  return {
    name,
    async attempts(): Promise<number> {
      const count = 'wc -l < /outside/attempts'
      const args = [
        'run',
        '--rm',
        '-v',
        `${name}:/outside`,
        '--entrypoint',
        'sh',
        'cc-ci-fixtures/busybox:1',
        '-c',
        count,
      ]
      return Number((await execOk('docker', args, { timeoutMs: 30_000 })).stdout)
    },
    async [Symbol.asyncDispose]() {
      await execOk('docker', ['volume', 'rm', '--force', name], { timeoutMs: 30_000 })
    },
  }
}

/** What the healthy recipe gets on top: a backup hook, or a service that runs once. A compose file has `$` twice for a shell's one. */
function overlay(volume: string, { hook, once }: { hook?: string; once?: string }): string {
  const shell = (script: string) => script.replaceAll('$', '$$$$')
  const volumes = ['outside:/outside']
  const label = hook && `backupbot.backup.pre-hook=${shell(hook)}`
  const service = once && {
    ...{ image: 'cc-ci-fixtures/busybox:1', entrypoint: ['/bin/sh', '-c', shell(once)], networks: ['proxy'], volumes },
    deploy: { restart_policy: { condition: 'none' } },
  }
  return stringify({
    version: '3.8',
    services: {
      app: { volumes, ...(label ? { deploy: { labels: [label] } } : {}) },
      ...(service ? { once: service } : {}),
    },
    volumes: { outside: { external: true, name: volume } },
  })
}

function kindsOf(tier: Results['tiers'][number] | undefined): string[] | undefined {
  return tier?.evidence.map(({ kind }) => kind)
}

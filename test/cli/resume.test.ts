import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import type { Results } from '../../src/verdict/results.ts'
import { openWorkshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { commitAll, tierOf, tinkered, write } from './tinkered.ts'

/** A page with what the first start of all made; nothing starts on data that was made with another key or under another domain. */
const SERVE = `trap 'exit 0' TERM
made="$(cat /run/secrets/key) $DOMAIN"
[ -s /data/.made ] || { echo "$made" > /data/.made; head -c 18 /dev/urandom | base64 > /data/.id; head -c 4000 /dev/urandom > /data/more; }
[ "$(cat /data/.made)" = "$made" ] || { echo 'the data was made with something else' >&2; exit 3; }
echo "<!doctype html><title>Shop</title><h1>A shop</h1><p id=id>$(cat /data/.id)</p>" > /data/index.html
busybox httpd -p 8080 -h /data
while :; do sleep 1 & wait $!; done`

function compose(serve: string, label = 'first'): string {
  const app = {
    image: 'cc-ci-fixtures/busybox:1',
    command: ['/bin/sh', '-c', serve.replaceAll('$', () => '$$')],
    networks: ['proxy'],
    environment: ['DOMAIN'],
    volumes: ['data:/data'],
    secrets: ['key'],
    labels: { told: label },
    healthcheck: {
      test: ['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/'],
      ...{ interval: '1s', timeout: '3s', retries: 5, start_period: '10s' },
    },
    deploy: {
      labels: Object.entries({
        'traefik.enable': 'true',
        'traefik.http.services.${STACK_NAME}.loadbalancer.server.port': '8080',
        'traefik.http.routers.${STACK_NAME}.rule': 'Host(`${DOMAIN}`)',
        'traefik.http.routers.${STACK_NAME}.entrypoints': 'web-secure',
        'coop-cloud.${STACK_NAME}.version': '1.0.0+1',
        'backupbot.backup': 'true',
      }).map(([key, value]) => `${key}=${value}`),
    },
  }
  return JSON.stringify({
    version: '3.8',
    services: { app },
    networks: { proxy: { external: true } },
    volumes: { data: {} },
    secrets: { key: { external: true, name: '${STACK_NAME}_key_${SECRET_KEY_VERSION}' } },
  })
}

const ENV = `TYPE=shop\n\nDOMAIN=shop.example.com\nLETS_ENCRYPT_ENV=production\nCOMPOSE_FILE="compose.yml"\nSECRET_KEY_VERSION=v1 # length=32\n`

function spec(wanted: string): string {
  return `import { expect, test } from 'cc-ci/test'
test('the shop has its data', async ({ page }) => {
  await page.goto('/')
  // Beside other runs a machine may be so busy that a shorter limit says nothing of the app.
  await expect(page.locator('#id')).toHaveText(${wanted}, { timeout: 12_000 })
})
`
}

const RIGHT = spec('/^[A-Za-z0-9+/]{24}$/')
const codes = ({ findings }: Results) => findings.map(({ code }) => code)
const statuses = ({ tiers }: Results) => tiers.map(({ id, status }) => `${id} ${status}`)

function placed({ tiers }: Results) {
  return tiers.flatMap(({ id, evidence }) =>
    evidence.flatMap((piece) => (piece.kind === 'resumed' ? [{ id, ...piece }] : [])),
  )
}

beforeAll(() => new ImageBuilder(() => undefined).ensure(busybox()), 300_000)

describe('a failed run that is resumed', () => {
  const workshop = openWorkshop()
  let dir = ''
  let failed: Results
  let runId = ''

  beforeAll(async () => {
    const files = {
      'compose.yml': compose(SERVE),
      '.env.sample': ENV,
      'cc-ci/tests/custom/shop.spec.ts': spec("'never'"),
    }
    dir = await tinkered(workshop, files)
    const run = await workshop.test([dir, '--only', 'restore,functional', '--approve-code', '--no-repeat'])
    failed = run.results
    runId = failed.run.id
    expect(run.exitCode, run.stdout).toBe(1)
    expect(run.stdout).toContain(`--resume ${runId}`)
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  it('has kept its app for the owner alone, and beside the run folder', () => {
    expect(codes(failed)).toContain('checkpoint-kept')
    expect(failed.findings.find(({ code }) => code === 'checkpoint-kept')?.message).toMatch(/as it was after backup/)
    const kept = join(workshop.state, 'checkpoints', runId)
    const entries = readdirSync(kept, { recursive: true, withFileTypes: true })
    expect(entries.map(({ name }) => name).sort()).toEqual([
      '0.tar.zst',
      'backup',
      'manifest.json',
      'secrets.json',
      'volumes',
    ])
    for (const { parentPath, name } of entries) {
      const stat = statSync(join(parentPath, name))
      expect(stat.mode & 0o777, name).toBe(stat.isDirectory() ? 0o700 : 0o600)
    }
    const { values } = JSON.parse(readFileSync(join(kept, 'backup', 'secrets.json'), 'utf8')) as {
      values: { key: string }
    }
    expect(readFileSync(join(kept, 'backup', 'manifest.json'), 'utf8')).not.toContain(values.key)
  })

  it('is not continued with where head deploys something else: nothing is made', async () => {
    await using other = openWorkshop()
    const copy = await tinkered(other, { 'compose.yml': compose(SERVE, 'second'), '.env.sample': ENV })
    const refused = await other.run(['test', copy, '--resume', runId, '--state', workshop.state])
    expect(refused.exitCode, refused.stdout).toBe(2)
    expect(refused.stderr).toMatch(/head deploys something else than in run .*: head: service app/)
    const none = await other.run(['test', copy, '--resume', 'last'])
    expect(none.exitCode).toBe(2)
    expect(none.stderr).toMatch(/no failed run in .* has kept its app/)
    const unknown = await workshop.run(['test', dir, '--resume', '20200101-000000-aaaaaa'])
    expect(unknown.exitCode).toBe(2)
    expect(unknown.stderr).toMatch(/no run "20200101-000000-aaaaaa"/)
    const both = await workshop.run(['test', dir, '--resume', runId, '--quick'])
    expect(both.exitCode).toBe(2)
  })

  it('judges what had not passed, on the data, secrets and names of that app', async () => {
    write(dir, { 'cc-ci/tests/custom/shop.spec.ts': RIGHT })
    await commitAll(dir, 'fix the test')
    const { results, stdout, exitCode } = await workshop.test([dir, '--resume', 'last', '--approve-code'])
    expect(exitCode, stdout).toBe(0)
    expect(results.run).toMatchObject({ resumed: { run: runId, after: 'backup' }, domain: failed.run.domain })
    expect(statuses(results)).toEqual([
      'lint skip',
      'install skip',
      'upgrade skip',
      'backup skip',
      'restore skip',
      'functional pass',
      'integration skip',
      'resilience skip',
      'teardown pass',
    ])
    expect(results.level).toBe(0)
    expect(tierOf(results, 'restore')).toMatchObject({
      skipKind: 'not-selected',
      reason: `passed in run ${runId}, from which this one continues`,
    })
    expect(placed(results)).toMatchObject([
      { id: 'functional', run: runId, after: 'backup', volumes: [{ volume: 'data' }] },
    ])
    expect(stdout).toMatch(/its pass says less than that of a whole run, and reaches no level/)
    expect(await leftOnEngine(workshop)).toEqual([])
  })
})

describe('where no app can be kept', () => {
  it('nobody is told to continue', async () => {
    await using workshop = openWorkshop()
    const files = {
      'compose.yml': compose(SERVE),
      '.env.sample': ENV,
      'cc-ci/tests/custom/shop.spec.ts': spec("'never'"),
    }
    const dir = await tinkered(workshop, files)
    const file = join(workshop.dir, 'results.json')
    const args = ['test', dir, '--only', 'restore,functional', '--approve-code', '--no-repeat', '--json', file]
    const run = await workshop.run(args, { env: { CC_CI_CHECKPOINTS_SIZE: '1K' } })
    expect(run.exitCode, run.stdout).toBe(1)
    const results = JSON.parse(readFileSync(file, 'utf8')) as Results
    expect(codes(results)).toContain('checkpoint-not-kept')
    expect(codes(results)).not.toContain('checkpoint-kept')
    expect(run.stdout).not.toContain('--resume')
  })
})

describe('with --checkpoints', () => {
  it('a failed upgrade is resumed from the base that was installed, and fails again', async () => {
    await using workshop = openWorkshop()
    const dir = await tinkered(workshop, { 'compose.yml': compose(SERVE), '.env.sample': ENV })
    const { stdout } = await execOk('git', ['rev-parse', 'HEAD'], { cwd: dir, timeoutMs: 60_000, env: inheritedEnv() })
    const commit = stdout.trim()
    write(dir, { 'compose.yml': compose("echo 'not this time' >&2; exit 4") })
    await commitAll(dir, 'break it')
    const run = await workshop.test([dir, '--base', commit, '--only', 'upgrade', '--checkpoints', '--no-repeat'])
    expect(run.exitCode, run.stdout).toBe(1)
    expect(statuses(run.results).slice(1, 3)).toEqual(['install pass', 'upgrade fail'])
    const again = await workshop.test([dir, '--resume', run.results.run.id, '--no-repeat'])
    expect(again.exitCode, again.stdout).toBe(1)
    expect(statuses(again.results).slice(1, 3)).toEqual(['install skip', 'upgrade fail'])
    expect(placed(again.results)).toMatchObject([{ id: 'upgrade', after: 'install' }])
    const [first, second] = [run, again].map(({ results }) => tierOf(results, 'upgrade').cause)
    expect(second?.code, again.stdout).toBe(first?.code)
    expect(again.results.base).toMatchObject({ commit })
    expect(await leftOnEngine(workshop)).toEqual([])
  })
})

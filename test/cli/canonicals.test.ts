import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import type { Results } from '../../src/verdict/results.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine, start, untilEvent } from './started.ts'
import { commitAll, type Files, tierOf, write } from './tinkered.ts'

/**
 * Makes its data once, and does not start on data that was made with another key, under another domain or with another mode. Its page has what no other
 * start would make. `$V`: what differs between versions.
 */
const SERVE = `trap 'exit 0' TERM
made="$(cat /run/secrets/key) $DOMAIN $MODE"
[ -s /data/.made ] || { echo "$made" > /data/.made; head -c 18 /dev/urandom | base64 > /data/.id; mkdir /data/deep; echo kept > '/data/deep/a file'; }
[ "$(cat /data/.made)" = "$made" ] || { echo 'the data was made with something else' >&2; exit 3; }
echo "<!doctype html><title>Shop</title><h1>A shop</h1><p id=id>$(cat /data/.id)</p>" > /data/index.html
busybox httpd -p 8080 -h /data
while :; do sleep 1 & wait $!; done`

function compose(version: string, serve: string): string {
  const app = {
    image: 'cc-ci-fixtures/busybox:1',
    command: ['/bin/sh', '-c', serve.replaceAll('$', () => '$$')],
    networks: ['proxy'],
    environment: ['DOMAIN', 'MODE'],
    volumes: ['data:/data'],
    secrets: ['key'],
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
        'coop-cloud.${STACK_NAME}.version': version,
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

function env(mode: string): string {
  return `TYPE=shop\n\nDOMAIN=shop.example.com\nLETS_ENCRYPT_ENV=production\nCOMPOSE_FILE="compose.yml"\nMODE=${mode}\nSECRET_KEY_VERSION=v1 # length=32\n`
}

const SPEC = `import { expect, test } from 'cc-ci/test'
test('the shop has its data', async ({ page }) => {
  await page.goto('/')
  await expect(page.locator('#id')).toHaveText(/[A-Za-z0-9+/]{24}/)
})
`

/** Two releases; head is the second one. The second has another mode in its sample, which an app that is upgraded to it does not get. */
async function shop(workshop: Workshop, files: Files): Promise<string> {
  const dir = join(workshop.dir, 'shop')
  mkdirSync(dir)
  await git(dir, 'init', '-q', '-b', 'main')
  write(dir, { 'abra.sh': '#!/bin/bash\n', ...files })
  await release(dir, '1.0.0+1', { 'compose.yml': compose('1.0.0+1', SERVE), '.env.sample': env('first') })
  const two = compose('2.0.0+1', `${SERVE}\n# 2`)
  await release(dir, '2.0.0+1', { 'compose.yml': two, '.env.sample': env('second') })
  return dir
}

async function release(dir: string, tag: string, files: Files): Promise<void> {
  write(dir, files)
  await commitAll(dir)
  await git(dir, '-c', 'user.name=x', '-c', 'user.email=x@example.org', 'tag', '-a', '-m', tag, tag)
}

async function git(dir: string, ...args: string[]): Promise<void> {
  await execOk('git', args, { cwd: dir, timeoutMs: 30_000, env: inheritedEnv() })
}

async function change(dir: string, serve: string, version = '2.0.0+1'): Promise<void> {
  write(dir, { 'compose.yml': compose(version, serve) })
  await commitAll(dir)
}

type Evidence = Results['tiers'][number]['evidence'][number]

function pieceOf<K extends Evidence['kind']>(results: Results, tier: string, kind: K) {
  return tierOf(results, tier).evidence.find((piece): piece is Extract<Evidence, { kind: K }> => piece.kind === kind)
}

/** Path below to size and content. */
function allFiles(dir: string): Record<string, string> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    entries
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((file) => !file.endsWith('/used'))
      .map((file) => [file, readFileSync(file).toString('base64')]),
  )
}

const codes = ({ findings }: Results) => findings.map(({ code }) => code)

beforeAll(() => new ImageBuilder(() => undefined).ensure(busybox()), 300_000)

describe('canonicals', () => {
  const workshop = openWorkshop()
  const kept = join(workshop.state, 'canonicals')
  let dir = ''
  let cold: Awaited<ReturnType<Workshop['test']>>
  let bytes: Record<string, string> = {}
  /** Hash of the page that shows what the first start of all made. */
  let page: string | undefined

  beforeAll(async () => {
    dir = await shop(workshop, { 'cc-ci/tests/custom/shop.spec.ts': SPEC })
    const before = await workshop.run(['plan', dir, '--quick'])
    expect(before.stdout).toMatch(/data {6}a new installation: no canonical of 1\.0\.0\+1 is kept, nor of any other/)
    cold = await workshop.test([dir, '--promote', '--approve-code'])
    bytes = allFiles(kept)
    page = pieceOf(cold.results, 'resilience', 'http')?.bodyHash
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  it('a green release is kept, for its owner alone', async () => {
    expect(cold.exitCode, cold.stdout).toBe(0)
    expect(codes(cold.results), cold.stdout).toContain('canonical-kept')
    const listed = await workshop.run(['canonicals', '--json', '--verify'])
    expect(listed.exitCode, listed.stderr).toBe(0)
    expect(JSON.parse(listed.stdout)).toMatchObject([
      {
        ...{ recipe: 'shop', version: '2.0.0+1', run: cold.results.run.id, state: { kind: 'whole' } },
        // .made, .id, index.html, a file; no witness.
        volumes: [{ volume: 'data', files: 4 }],
      },
    ])
    for (const file of Object.keys(bytes)) expect(statSync(file).mode & 0o777, file).toBe(0o600)
  })

  it('a quick run begins with its data, under its names, and says what it does not judge', async () => {
    await change(dir, `${SERVE}\n# head`)
    const plan = await workshop.run(['plan', dir, '--quick'])
    expect(plan.stdout).toMatch(/base {6}2\.0\.0\+1 \(canonical, /)
    expect(plan.stdout).toMatch(/2\.0\.0\+1: chosen \(tag\), with the data of its canonical/)
    const quick = await workshop.test([dir, '--quick', '--approve-code'])
    expect(quick.exitCode, quick.stdout).toBe(0)
    expect(quick.stdout).toMatch(/a quick run: not judged are install, backup, restore, integration, resilience;/)
    const { results } = quick
    expect(results.base).toMatchObject({ version: '2.0.0+1', source: 'canonical' })
    expect(results.run).toMatchObject({ domain: cold.results.run.domain, stack: cold.results.run.stack })
    expect(results.level).toBe(0)
    expect(results.tiers.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'lint pass',
      'install skip',
      'upgrade pass',
      'backup skip',
      'restore skip',
      'functional pass',
      'integration skip',
      'resilience skip',
      'teardown pass',
    ])
    expect(tierOf(results, 'install').reason).toMatch(/^a new installation is not judged: .* canonical of 2\.0\.0\+1/)
    expect(tierOf(results, 'backup').reason).toBe('not selected (--quick)')
    // The page of head has what the first start of another run made.
    expect(page).toBeDefined()
    expect(pieceOf(results, 'upgrade', 'http')?.bodyHash).toBe(page)
    expect(pieceOf(results, 'upgrade', 'reattached')).toMatchObject({
      run: cold.results.run.id,
      volumes: [{ volume: 'data', files: 4, started: 4 }],
    })
    expect(JSON.stringify(pieceOf(results, 'upgrade', 'witness'))).toMatch(/"summary":"4 files, all as before"/)
    expect(allFiles(kept)).toEqual(bytes)
  })

  it('a whole run judges a new installation, and upgrades the data', async () => {
    const real = await workshop.test([dir, '--from-canonical', '--only', 'upgrade', '--approve-code'])
    expect(real.exitCode, real.stdout).toBe(0)
    expect(real.results.level).toBe(2)
    expect(pieceOf(real.results, 'install', 'http')?.bodyHash).not.toBe(page)
    expect(pieceOf(real.results, 'upgrade', 'http')?.bodyHash).toBe(page)
    expect(allFiles(kept)).toEqual(bytes)
  })

  it('a head that breaks its data is told, and the canonical stays byte for byte', async () => {
    await change(dir, 'rm -rf /data/* /data/.id /data/.made; echo gone >&2; exit 3')
    const broken = await workshop.test([dir, '--quick', '--approve-code'])
    expect(broken.exitCode, broken.stdout).toBe(1)
    expect(tierOf(broken.results, 'upgrade')).toMatchObject({
      status: 'fail',
      cause: { code: 'crash-loop', blame: 'recipe', lines: expect.arrayContaining([expect.stringContaining('gone')]) },
    })
    expect(allFiles(kept)).toEqual(bytes)
  })

  it('a newer release is what operators have; the older canonical is taken where it is named', async () => {
    await release(dir, '3.0.0+1', { 'compose.yml': compose('3.0.0+1', `${SERVE}\n# 3`) })
    await change(dir, `${SERVE}\n# after 3`, '3.0.0+1')
    const newer = await workshop.run(['plan', dir, '--quick', '--json'])
    expect(JSON.parse(newer.stdout)).toMatchObject({
      base: { version: '3.0.0+1', source: 'tag' },
      canonical: {
        kind: 'unused',
        why: 'no canonical of 3.0.0+1 is kept, and 3.0.0+1 is what operators have: not taken is that of 2.0.0+1',
      },
    })
    const pinned = await workshop.run(['plan', dir, '--quick', '--json', '--base', '2.0.0+1'])
    expect(JSON.parse(pinned.stdout)).toMatchObject({ base: { version: '2.0.0+1', source: 'canonical' } })
  })

  it('is removed by name, and nothing of any run is left', async () => {
    const nothing = await workshop.run(['canonicals', '--remove'])
    expect([nothing.exitCode, nothing.stderr]).toEqual([2, expect.stringContaining('RECIPE@VERSION')])
    expect((await workshop.run(['canonicals', '--remove', 'shop@9.0.0+1'])).exitCode).toBe(2)
    const removed = await workshop.run(['canonicals', '--remove', 'shop@2.0.0+1'])
    expect([removed.exitCode, removed.stdout]).toEqual([0, 'shop 2.0.0+1: removed\n'])
    expect(allFiles(kept)).toEqual({})
    expect(await leftOnEngine(workshop)).toEqual([])
  })
})

it('a run that is killed while it keeps its data leaves no half canonical', async () => {
  await using workshop = openWorkshop()
  const dir = await shop(workshop, {})
  const run = start(workshop, ['test', dir, '--promote'])
  await untilEvent(workshop, run, 'operation.started', 'teardown', 800_000)
  run.kill('SIGKILL')
  await run.exited
  const listed = await workshop.run(['canonicals', '--json'])
  expect(JSON.parse(listed.stdout)).toEqual([])
  await workshop.run(['gc'])
  const drafts = join(workshop.state, 'canonicals', '.taking')
  expect(existsSync(drafts) ? readdirSync(drafts) : []).toEqual([])
  expect(await leftOnEngine(workshop)).toEqual([])
})

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { upgradeFolder } from '../../src/history/upgrades/store.ts'
import { tableShape } from '../../src/history/upgrades/table.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import type { Results } from '../../src/verdict/results.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { commitAll, tierOf, write } from './tinkered.ts'

/** The first start of all makes what no other start would. */
const SERVE = `trap 'exit 0' TERM
[ -s /data/.id ] || head -c 18 /dev/urandom | base64 > /data/.id
echo "<!doctype html><title>Shop</title><h1>A shop</h1><p id=id>$(cat /data/.id)</p>" > /data/index.html
busybox httpd -p 8080 -h /data
while :; do sleep 1 & wait $!; done`
const IDLE = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"

/** Knows by another file that it had data, and does not start without it. */
const INSISTS = SERVE.replace('[ -s', '[ -s /data/.id ] || [ ! -e /data/index.html ] || exit 4\n[ -s')

interface Release {
  readonly image?: string
  /** Default: SERVE. */
  readonly serve?: string
  readonly labels?: Readonly<Record<string, string>>
  /** A second service, with a volume of its own. */
  readonly worker?: boolean
  /** Labels of the second service, which then has the data too. */
  readonly workerLabels?: Readonly<Record<string, string>>
}

function compose(version: string, release: Release): string {
  const { image = 'cc-ci-fixtures/busybox:1', serve = SERVE, labels = {}, worker, workerLabels } = release
  const escaped = (script: string) => ['/bin/sh', '-c', script.replaceAll('$', () => '$$')]
  const app = {
    ...{ image, command: escaped(`${serve}\n# ${version}`), networks: ['proxy'], volumes: ['data:/data'] },
    healthcheck: {
      test: ['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/'],
      ...{ interval: '1s', timeout: '3s', retries: 5, start_period: '10s' },
    },
    deploy: {
      update_config: { monitor: '1s' },
      labels: labelList({
        'traefik.enable': 'true',
        'traefik.http.services.${STACK_NAME}.loadbalancer.server.port': '8080',
        'traefik.http.routers.${STACK_NAME}.rule': 'Host(`${DOMAIN}`)',
        'traefik.http.routers.${STACK_NAME}.entrypoints': 'web-secure',
        'coop-cloud.${STACK_NAME}.version': version,
        'backupbot.backup': 'true',
        ...labels,
      }),
    },
  }
  const second = {
    image: 'cc-ci-fixtures/busybox:1',
    command: escaped(IDLE),
    networks: ['proxy'],
    volumes: ['cache:/cache', ...(workerLabels ? ['data:/data'] : [])],
    deploy: { labels: labelList(workerLabels ?? {}) },
  }
  return JSON.stringify({
    version: '3.8',
    services: { app, ...(worker ? { worker: second } : {}) },
    networks: { proxy: { external: true } },
    volumes: { data: {}, ...(worker ? { cache: {} } : {}) },
  })
}

function labelList(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`)
}

/** Releases by their tags, oldest first, then head; a text is the compose file as it is. */
async function shop({ dir: parent }: Workshop, releases: Readonly<Record<string, Release | string>>, head: Release) {
  const dir = join(parent, 'shop')
  mkdirSync(dir)
  const git = (...args: string[]) => execOk('git', args, { cwd: dir, timeoutMs: 60_000, env: inheritedEnv() })
  await git('init', '-q', '-b', 'main')
  write(dir, {
    'abra.sh': '#!/bin/bash\n',
    '.env.sample': 'TYPE=shop\n\nDOMAIN=shop.example.com\nLETS_ENCRYPT_ENV=production\nCOMPOSE_FILE="compose.yml"\n',
  })
  for (const [tag, release] of Object.entries(releases)) {
    write(dir, { 'compose.yml': typeof release === 'string' ? release : compose(tag, release) })
    await commitAll(dir)
    await git('-c', 'user.name=x', '-c', 'user.email=x@example.org', 'tag', '-a', '-m', tag, tag)
  }
  write(dir, { 'compose.yml': compose('9.0.0+1', head) })
  await commitAll(dir)
  return dir
}

type Evidence = Results['tiers'][number]['evidence'][number]

function pieceOf<K extends Evidence['kind']>(results: Results, tier: string, kind: K) {
  return tierOf(results, tier).evidence.find((piece): piece is Extract<Evidence, { kind: K }> => piece.kind === kind)
}

beforeAll(() => new ImageBuilder(() => undefined).ensure(busybox()), 300_000)

describe('upgrades from many releases', () => {
  it('are a run each, and one table: what cannot be deployed any more is unverified, and no fault of head', async () => {
    await using workshop = openWorkshop()
    const old = { '1.0.0+1': { image: 'cc-ci-fixtures/gone:1' }, '1.1.0+1': 'services: [\n', '1.2.0+1': {} }
    const dir = await shop(workshop, { ...old, '1.2.1+1': {} }, {})
    const file = join(workshop.dir, 'table.json')
    const done = await workshop.run(['test', dir, '--base', 'all-minors', '--only', 'upgrade', '--json', file])
    expect(done.exitCode, done.stdout + done.stderr).toBe(3)
    const table = tableShape.parse(JSON.parse(readFileSync(file, 'utf8')))
    expect(table).toMatchObject({ verdict: 'unverified', asked: 'all-minors', recipe: { name: 'shop' } })
    const [newest, unreadable, gone, ...more] = table.rows
    expect(more).toEqual([])
    expect(newest, done.stdout).toMatchObject({
      ...{ base: { version: '1.2.1+1' }, verdict: 'pass', upgrade: 'pass', cause: null },
      data: { watched: 2, lost: 0 },
    })
    expect(unreadable).toMatchObject({
      ...{ base: { version: '1.1.0+1' }, verdict: 'unverified', run: null },
      cause: { code: 'compose-invalid', blame: 'recipe' },
    })
    expect(gone).toMatchObject({
      ...{ base: { version: '1.0.0+1' }, verdict: 'unverified', upgrade: 'unverified', tier: 'install' },
      cause: { code: 'image-unpullable', message: expect.stringContaining('the base version 1.0.0+1: ') },
    })
    const shown = await workshop.run(['runs', String(gone?.run), '--json'])
    const results = JSON.parse(shown.stdout) as Results
    expect(results.verdict).toBe('unverified')
    const kept = upgradeFolder(workshop.state, table.id)
    expect(readFileSync(kept.html, 'utf8')).toContain(`href="../../runs/${newest?.run}/report.html"`)
    expect(done.stdout).toMatch(/\? UNVERIFIED {2}1 of 3 upgrades pass/)
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it('go by way of another release and back again, with the data of the first', async () => {
    await using workshop = openWorkshop()
    const dir = await shop(workshop, { '1.0.0+1': {}, '1.1.0+1': {} }, { worker: true })
    const args = ['--base', '1.0.0..1.1.0', '--only', 'upgrade', '--rollback']
    const { results, stdout, exitCode } = await workshop.test([dir, ...args])
    expect(exitCode, stdout).toBe(0)
    expect(results.base).toMatchObject({ version: '1.0.0+1', source: 'pin', via: [{ version: '1.1.0+1' }] })
    expect(pieceOf(results, 'upgrade', 'steps')?.steps).toMatchObject([
      { version: '1.1.0+1', commit: results.base?.via?.[0]?.commit, changed: ['app'], witnesses: 2 },
    ])
    // The rung of the rollback is none: it raises no level.
    expect([results.level, tierOf(results, 'rollback').status]).toEqual([2, 'pass'])
    const back = pieceOf(results, 'rollback', 'rolled-back')
    expect(back).toMatchObject({
      ...{ version: '1.1.0+1', dropped: ['worker'], unused: ['cache'] },
      snapshot: pieceOf(results, 'upgrade', 'snapshot')?.id,
      emptied: [{ volume: 'data', left: 0 }],
    })
    // The page shows what the first start of 1.0.0 made: a new installation would show something else.
    const page = (tier: string) => pieceOf(results, tier, 'http')?.bodyHash
    const pages = tierOf(results, 'rollback').evidence.flatMap((piece) =>
      piece.kind === 'http' ? [piece.bodyHash] : [],
    )
    expect(pages).toEqual([page('install')])
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it('fail where nobody could go back with their data, also where the app does not even come up without it', async () => {
    await using workshop = openWorkshop()
    // Run beside the app, which is started again after it.
    const wipes = { 'backupbot.backup': 'true', 'backupbot.restore.post-hook': "sh -c 'rm -f /data/.[!.]*'" }
    const old = { serve: INSISTS, worker: true, workerLabels: wipes }
    const dir = await shop(workshop, { '1.0.0+1': old }, { worker: true })
    const { results, stdout, exitCode } = await workshop.test([dir, '--only', 'rollback'])
    expect(exitCode, stdout).toBe(1)
    expect(tierOf(results, 'upgrade').status).toBe('pass')
    expect(tierOf(results, 'rollback')).toMatchObject({
      status: 'fail',
      cause: {
        ...{ code: 'rollback-data-lost', blame: 'recipe', message: expect.stringMatching(/^1\.0\.0\+1, put back/) },
        lines: expect.arrayContaining([expect.stringMatching(/^and so it does not come up: .*exit code 4/)]),
      },
    })
    expect(results.level).toBe(2)
    expect(await leftOnEngine(workshop)).toEqual([])
  })
})

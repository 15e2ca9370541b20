import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { mariadb } from '../../fixtures/images/mariadb.ts'
import { postgres } from '../../fixtures/images/postgres.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import type { Results } from '../../src/verdict/results.ts'
import { openWorkshop } from './cc-ci.ts'
import { commitAll, type Files, tierOf, write } from './tinkered.ts'

const PASSWORD = 'no-secret-in-a-test'
/** Serves its volume; the page and a hidden file are made once, with content that no other start would make. */
const SERVE = `trap 'exit 0' TERM
[ -s /data/.id ] || head -c 18 /dev/urandom | base64 > /data/.id
[ -s /data/index.html ] || echo "<!doctype html><title>Shop</title><h1>A shop</h1><p>$(cat /data/.id)</p>" > /data/index.html
busybox httpd -p 8080 -h /data
while :; do sleep 1 & wait $!; done`

interface Recipe {
  readonly services?: Record<string, unknown>
  readonly volumes?: readonly string[]
  /** Of the app. */
  readonly labels?: Readonly<Record<string, string>>
  readonly mounts?: readonly string[]
  readonly serve?: string
  readonly files?: Files
  readonly configs?: Record<string, unknown>
}

function compose({
  services = {},
  volumes = [],
  labels = {},
  mounts = [],
  serve = SERVE,
  configs = {},
}: Recipe): string {
  const app = {
    image: 'cc-ci-fixtures/busybox:1',
    command: ['/bin/sh', '-c', serve.replaceAll('$', () => '$$')],
    networks: ['proxy'],
    volumes: ['data:/data', ...mounts],
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
        'traefik.http.routers.${STACK_NAME}.tls.certresolver': '${LETS_ENCRYPT_ENV}',
        'coop-cloud.${STACK_NAME}.version': '1.0.0+1',
        'backupbot.backup': 'true',
        ...labels,
      }).map(([key, value]) => `${key}=${value}`),
    },
  }
  const all = ['data', ...volumes]
  return JSON.stringify({
    version: '3.8',
    services: { app, ...services },
    networks: { proxy: { external: true }, inner: {} },
    volumes: Object.fromEntries(all.map((name) => [name, {}])),
    configs,
  })
}

async function judge(recipe: Recipe, args: readonly string[] = []) {
  await using workshop = openWorkshop()
  const dir = join(workshop.dir, 'shop')
  mkdirSync(dir)
  await execOk('git', ['init', '-q', '-b', 'main', dir], { timeoutMs: 30_000, env: inheritedEnv() })
  write(dir, {
    'compose.yml': compose(recipe),
    '.env.sample': 'TYPE=shop\n\nDOMAIN=shop.example.com\nLETS_ENCRYPT_ENV=production\nCOMPOSE_FILE="compose.yml"\n',
    'abra.sh': '#!/bin/bash\n',
    ...recipe.files,
  })
  await commitAll(dir)
  const done = await workshop.test([dir, '--base', 'none', '--only', 'restore', ...args])
  const tier = tierOf(done.results, 'restore')
  return { ...done, tier, reported: done.stdout, findings: done.results.findings }
}

const DUMP = '/var/lib/mysql/backup.sql'
const MYSQL = `MYSQL_PWD=$MARIADB_ROOT_PASSWORD`

/** A MariaDB with two databases of its own; both are made again by a server that starts as new. */
function shopDatabase(labels: Readonly<Record<string, string>>): Recipe {
  const escaped = Object.entries({ 'backupbot.backup.volumes.db.path': 'backup.sql', ...labels })
  const db = {
    image: mariadb().tag,
    networks: ['inner'],
    environment: { MARIADB_ROOT_PASSWORD: PASSWORD, MARIADB_DATABASE: 'shop' },
    volumes: ['db:/var/lib/mysql'],
    configs: [{ source: 'first', target: '/docker-entrypoint-initdb.d/first.sql' }],
    healthcheck: {
      test: ['CMD', 'mariadb', '-uroot', `-p${PASSWORD}`, '-h127.0.0.1', '--protocol=TCP', '-e', 'SELECT 1'],
      ...{ interval: '2s', timeout: '5s', retries: 30, start_period: '60s' },
    },
    deploy: { labels: escaped.map(([key, value]) => `${key}=${value.replaceAll('$', () => '$$')}`) },
  }
  return {
    services: { db },
    volumes: ['db'],
    configs: { first: { name: '${STACK_NAME}_first_v1', file: 'first.sql' } },
    files: {
      'first.sql': `CREATE TABLE orders(id INT); INSERT INTO orders VALUES (1),(2);
CREATE DATABASE stats; CREATE TABLE stats.visits(id INT); INSERT INTO stats.visits VALUES (1),(2),(3);\n`,
    },
  }
}

const dumps = (databases: string) => ({
  'backupbot.backup.pre-hook': `${MYSQL} mariadb-dump -uroot --databases ${databases} > ${DUMP}`,
})
const LOADS = { 'backupbot.restore.post-hook': `${MYSQL} mariadb -uroot < ${DUMP}` }

function witnessOf({ evidence }: Results['tiers'][number], subject: string, kind?: string) {
  const rows = evidence.flatMap((piece) => (piece.kind === 'witness' && 'witnesses' in piece ? piece.witnesses : []))
  return rows.find((row) => row.subject === subject && (kind === undefined || row.kind === kind))
}

function restoredOf({ evidence }: Results['tiers'][number]) {
  return evidence.find(({ kind }) => kind === 'restored')
}

beforeAll(async () => {
  const images = new ImageBuilder(() => undefined)
  await Promise.all([busybox(), mariadb(), postgres()].map((image) => images.ensure(image)))
}, 300_000)

describe.concurrent('the machine is lost', () => {
  it('a database that no dump holds is named, though a new server makes it again', async () => {
    const { exitCode, tier, reported } = await judge(shopDatabase({ ...dumps('shop'), ...LOADS }))
    expect(exitCode, reported).toBe(1)
    expect(tier.cause).toMatchObject({
      code: 'backup-not-covered',
      blame: 'recipe',
      message: expect.stringMatching(
        /^mariadb:db: the database stats did not come back: the row planted there is missing/,
      ),
    })
    expect(witnessOf(tier, 'mariadb:db')).toMatchObject({ result: 'lost', loss: 'not-covered' })
    expect(reported).not.toMatch(/0 rows lost/)
  })

  it('hooks that dump and load every database bring them back into an empty server', async () => {
    const { exitCode, tier, reported } = await judge(shopDatabase({ ...dumps('shop stats'), ...LOADS }))
    expect(exitCode, reported).toBe(0)
    expect(witnessOf(tier, 'mariadb:db')).toMatchObject({
      result: 'kept',
      destroyed: expect.stringMatching(/^no marker row; 2 tables, 5 rows/),
      after: expect.stringMatching(/^marker row; /),
      summary: '2 tables, none of 5 rows was missing before the restore',
      counts: { rowsDestroyed: 0, rowsBack: 0 },
    })
    expect(restoredOf(tier)).toMatchObject({
      form: 'whole',
      emptied: [
        { volume: 'data', left: 0 },
        { volume: 'db', left: 0 },
      ],
      spared: [],
    })
  })

  it('a restore hook that loads nothing has no effect', async () => {
    const idle = { 'backupbot.restore.post-hook': 'true' }
    const { exitCode, tier, reported } = await judge(shopDatabase({ ...dumps('shop stats'), ...idle }))
    expect(exitCode, reported).toBe(1)
    expect(tier.cause).toMatchObject({
      code: 'restore-no-effect',
      message: expect.stringMatching(/^mariadb:db: the planted row is missing/),
    })
  })

  it('a dump that no hook loads is no backup of its database', async () => {
    const { exitCode, tier, reported } = await judge(shopDatabase(dumps('shop stats')))
    expect(exitCode, reported).toBe(1)
    expect(tier.cause).toMatchObject({
      code: 'backup-not-covered',
      message: expect.stringMatching(/no restore hook on db loads a dump/),
    })
  })

  it('a recipe may choose the small form: that is told, and nothing is called restored that nobody destroyed', async () => {
    const recipe = shopDatabase({ ...dumps('shop stats'), ...LOADS })
    const files = { ...recipe.files, 'cc-ci/cc-ci.yml': 'restore: small\n' }
    const { exitCode, tier, reported, findings } = await judge({ ...recipe, files })
    expect(exitCode, reported).toBe(0)
    expect(restoredOf(tier)).toMatchObject({ form: 'small' })
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'restore-small', message: expect.stringContaining('NOT proven') }),
    )
    expect(witnessOf(tier, 'mariadb:db')?.summary).toMatch(
      /^the planted row came back; 2 tables with 5 rows not destroyed/,
    )
    expect(reported).not.toMatch(/0 rows lost/)
  })

  it('PostgreSQL too: every database of the cluster', async () => {
    const dump = '/var/lib/postgresql/data/backup.sql'
    const labels = {
      'backupbot.backup.pre-hook': `pg_dump -U shop shop > ${dump}`,
      'backupbot.backup.volumes.db.path': 'backup.sql',
      'backupbot.restore.post-hook': `psql -q -U shop -d postgres -c 'DROP DATABASE shop WITH (FORCE)' -c 'CREATE DATABASE shop' && psql -q -U shop -v ON_ERROR_STOP=1 shop -f ${dump}`,
    }
    const seed = `export PGPASSWORD=${PASSWORD} PGUSER=shop PGHOST=\${STACK_NAME}_db
until psql -c 'SELECT 1' shop >/dev/null 2>&1; do sleep 1; done
psql -c 'CREATE TABLE IF NOT EXISTS orders AS SELECT 1 AS id' shop
createdb stats || exit 0
psql -c 'CREATE TABLE visits AS SELECT generate_series(1, 3) AS id' stats`
    const db = {
      image: postgres().tag,
      networks: ['inner'],
      environment: { POSTGRES_USER: 'shop', POSTGRES_DB: 'shop', POSTGRES_PASSWORD: PASSWORD },
      volumes: ['db:/var/lib/postgresql/data'],
      healthcheck: { test: ['CMD', 'pg_isready', '-U', 'shop'], interval: '2s', start_period: '60s' },
      deploy: { labels: Object.entries(labels).map(([key, value]) => `${key}=${value}`) },
    }
    const once = {
      image: postgres().tag,
      networks: ['inner'],
      entrypoint: ['/bin/sh', '-c', seed],
      volumes: ['none:/var/lib/postgresql/data'],
      deploy: { restart_policy: { condition: 'none' } },
    }
    const { exitCode, tier, reported } = await judge({
      services: { db, once },
      volumes: ['db', 'none'],
      labels: { 'backupbot.backup.volumes.none': 'false' },
    })
    expect(exitCode, reported).toBe(1)
    expect(tier.cause).toMatchObject({
      code: 'backup-not-covered',
      message: expect.stringMatching(/^postgres:db: the database stats did not come back/),
    })
    expect(witnessOf(tier, 'postgres:db')?.before).toMatch(/2 tables, 4 rows/)
  })

  it('files come back whole, hidden ones too; what the labels leave out is told; a redeploy finds nothing changed', async () => {
    const serve = `mkdir -p /part/keep; echo kept > /part/keep/a; [ -e /cache/warm ] || { echo mine > /part/mine; echo warm > /cache/warm; }\n${SERVE}`
    const worker = {
      image: 'cc-ci-fixtures/busybox:1',
      command: ['/bin/sh', '-c', "trap 'exit 0' TERM; while :; do sleep 1 & wait $$!; done"],
      networks: ['inner'],
      volumes: ['data:/data'],
      deploy: { mode: 'global' },
    }
    const once = {
      ...worker,
      command: ['/bin/sh', '-c', 'echo done'],
      deploy: { restart_policy: { condition: 'none' } },
    }
    const { exitCode, tier, reported, findings, results } = await judge(
      {
        serve,
        services: { worker, once },
        volumes: ['cache', 'part'],
        mounts: ['cache:/cache', 'part:/part'],
        labels: { 'backupbot.backup.volumes.cache': 'false', 'backupbot.backup.volumes.part.path': 'keep' },
      },
      ['--only', 'restore,resilience'],
    )
    expect(exitCode, reported).toBe(0)
    expect(witnessOf(tier, 'volume:data', 'manifest')).toMatchObject({
      result: 'kept',
      summary: '2 files, all as before',
    })
    expect(restoredOf(tier)).toMatchObject({
      form: 'whole',
      emptied: [
        { volume: 'data', before: 3, left: 0, asNew: 2, after: 3 },
        { volume: 'part', before: 4, left: 0, asNew: 1, after: 2 },
      ],
      spared: [{ volume: 'cache', why: expect.stringContaining('backupbot.backup.volumes.cache=false'), files: 2 }],
    })
    const uncovered = findings.filter(({ code }) => code === 'not-in-backup').map(({ message }) => message)
    expect(uncovered).toEqual([
      expect.stringMatching(
        /^the volume cache \(2 files, .* is in no backup: backupbot\.backup\.volumes\.cache=false on app/,
      ),
      expect.stringMatching(/^the labels leave 1 file of the volume part out, which did not come back: mine$/),
    ])
    expect(tierOf(results, 'resilience')).toMatchObject({
      status: 'pass',
      evidence: expect.arrayContaining([expect.objectContaining({ kind: 'no-op-redeploy', restarted: [] })]),
    })
  })

  it('an app that does not come up on empty volumes is named as that, not as lost data', async () => {
    const serve = `if [ -e /cache/installed ] && [ ! -e /data/.id ]; then echo 'the key is gone' >&2; exit 3; fi; touch /cache/installed\n${SERVE}`
    const { exitCode, tier, reported } = await judge({
      serve,
      volumes: ['cache'],
      mounts: ['cache:/cache'],
      labels: { 'backupbot.backup.volumes.cache': 'false' },
    })
    expect(exitCode, reported).toBe(1)
    expect(tier.cause).toMatchObject({
      code: 'crash-loop',
      service: 'app',
      message: expect.stringMatching(/^started as new after its volumes were emptied: app /),
      hint: expect.stringContaining('Left alone, with what they hold: cache.'),
      lines: expect.arrayContaining([expect.stringContaining('the key is gone')]),
    })
  })
})

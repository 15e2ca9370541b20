import { describe, expect, test } from 'vitest'
import { countSql, parseCounts, parseList } from '../../src/backup/witness/mariadb-sql.ts'
import { parseState } from '../../src/backup/witness/redis-script.ts'
import { runsOnce } from '../../src/backup/witness/server.ts'
import { DATABASE_SERVERS } from '../../src/backup/witness/servers.ts'
import type { ComposeService } from '../../src/recipe/model.ts'
import { EVIDENCE } from '../../src/verdict/evidence.ts'
import { stackOf } from '../swarm/support/bare-stack.ts'

const mount = (target: string) => [{ type: 'volume' as const, source: 'data', target }]

describe('found by image, command, environment and volumes', () => {
  test.each<[string, ComposeService]>([
    ['postgres', { image: 'postgres:16-alpine' }],
    ['postgres', { image: 'pgvector/pgvector:pg16' }],
    ['postgres', { image: 'registry.example/own:1', volumes: mount('/var/lib/postgresql/data') }],
    ['mariadb', { image: 'mariadb:11.4' }],
    ['mariadb', { image: 'registry.example:5000/library/mysql:8.4@sha256:aa' }],
    ['mariadb', { image: 'bitnami/mariadb:10.11' }],
    ['mariadb', { image: 'lscr.io/linuxserver/mariadb' }],
    ['mariadb', { image: 'own', environment: { MYSQL_ROOT_PASSWORD_FILE: '/run/secrets/r' } }],
    ['mariadb', { image: 'own', volumes: mount('/var/lib/mysql') }],
    ['redis', { image: 'redis:7-alpine' }],
    ['redis', { image: 'valkey/valkey:8' }],
    ['redis', { image: 'eqalpha/keydb' }],
    ['redis', { image: 'own', command: 'redis-server --save 60 1' }],
    ['redis', { image: 'own', command: ['sh', '-c', 'exec /usr/bin/valkey-server --requirepass "$PW"'] }],
    [
      'nothing',
      {
        image: 'nextcloud:30',
        environment: { MYSQL_HOST: 'db', MYSQL_DATABASE: 'nc', MYSQL_PASSWORD: 'x' },
        volumes: mount('/var/www'),
      },
    ],
    ['nothing', { image: 'prom/mysqld-exporter' }],
    ['nothing', { image: 'phpmyadmin:5' }],
    ['nothing', { image: 'oliver006/redis_exporter', environment: { REDIS_PASSWORD: 'x' } }],
    ['nothing', { image: 'redis:7', command: 'redis-server /etc/sentinel.conf --sentinel' }],
    ['nothing', { image: 'rediscommander/redis-commander' }],
  ])('%s: %j', (kind, service) => {
    const found = DATABASE_SERVERS.filter(({ candidates }) => candidates(stackOf({ db: service }, ['data'])).length > 0)
    expect(found.map((server) => server.kind)).toEqual(kind === 'nothing' ? [] : [kind])
  })

  test.each<[ComposeService, boolean]>([
    [{ deploy: { restart_policy: { condition: 'none' } } }, true],
    [{ deploy: { mode: 'replicated-job' } }, true],
    [{ deploy: { replicas: 0 } }, true],
    [{ deploy: { restart_policy: { condition: 'any' }, replicas: 1 } }, false],
    [{}, false],
  ])('a service that is not up between operations is no server: %j', (service, once) => {
    expect(runsOnce(service)).toBe(once)
  })

  test('each kind has its place in the evidence', () => {
    const [rows] = EVIDENCE.witness.options
    const kinds: readonly string[] = rows.shape.witnesses.element.shape.kind.options
    for (const { kind } of DATABASE_SERVERS) expect(kinds).toContain(kind)
  })
})

const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase()

test('names of MariaDB are carried as digits, whatever they are', () => {
  const odd = "a`b ' \\ ü"
  const listed = parseList(
    `login ${hex('root@localhost')} ${hex('11.4.2-MariaDB')} \ndatabase ${hex(odd)}\nmarked ${hex(odd)}\ntable ${hex(odd)} ${hex('t')} ${hex('innodb')}\ncolumn ${hex(odd)} ${hex('t')} ${hex('c')} ${hex("enum('a b')")}\nnoise\n`,
  )
  expect(listed).toMatchObject({
    login: { user: 'root@localhost', database: '' },
    databases: [odd],
    marked: [odd],
    tables: [{ database: odd, table: 't', engine: 'innodb' }],
    columns: [{ column: 'c', type: "enum('a_b')" }],
  })
  const sql = countSql(listed.tables, [odd])
  expect(sql).toContain("FROM `a``b ' \\ ü`.`t` LIMIT")
  const counted = parseCounts(
    `marker ${hex(odd)} ${hex('abc')}\nrows ${hex(odd)} ${hex('t')} 30\nERROR 1146\nrows ${hex(odd)} ${hex('u')} x\n`,
  )
  expect(counted).toEqual({ markers: new Map([[odd, 'abc']]), rows: new Map([[`${odd}.t`, 30]]) })
})

const LOOK = `== info\r
run_id:abc\r
cmdstat_flushdb:calls=2,usec=9\r
cmdstat_flushall:calls=1,usec=9\r
== config dir
dir
/data
== config save
save
3600 1 300 100
== config appendonly
appendonly
no
== config maxmemory
maxmemory
100
== config maxmemory-policy
maxmemory-policy
allkeys-lru
== marker
v1
== db 0
string 3
hash 1
== db 2
ERR unknown command
== end
`

describe('a look into Redis', () => {
  test('is read part by part', () => {
    expect(parseState(LOOK)).toEqual({
      marker: 'v1',
      keys: new Map([
        [
          '0',
          new Map([
            ['string', 3],
            ['hash', 1],
          ]),
        ],
        ['2', null],
      ]),
      dir: '/data',
      writes: true,
      evicts: true,
      flushes: 3,
      runId: 'abc',
    })
  })

  test('without CONFIG and keys', () => {
    const text = '== info\nrun_id:x\n== config dir\nERR unknown command\n== config save\nNOPERM\n== marker\n\n== end\n'
    expect(parseState(text)).toMatchObject({ marker: null, keys: new Map(), dir: null, writes: null, evicts: false })
  })
})

// cspell:ignore SETUSER
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mariadb } from '../../fixtures/images/mariadb.ts'
import { redis } from '../../fixtures/images/redis.ts'
import { type HookOptions, runHooks } from '../../src/backup/hooks.ts'
import { backupPlan } from '../../src/backup/labels.ts'
import { checkDumps, restore, snapshot } from '../../src/backup/restic.ts'
import type { ServiceExec } from '../../src/backup/settled-exec.ts'
import {
  compareAfterRestore,
  compareAfterUpgrade,
  destroyBeforeRestore,
  flushBeforeKill,
  type PlantedWitnesses,
  plantWitnesses,
  removeWitnesses,
  type WitnessContext,
} from '../../src/backup/witness/index.ts'
import { docker, tryDocker } from '../../src/engine/docker-cli.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import type { ComposeService } from '../../src/recipe/model.ts'
import { evidenceProblem } from '../../src/verdict/evidence.ts'
import { type BareStack, bareStack, stackOf } from './support/bare-stack.ts'
import { watched } from './support/watched.ts'

const PASSWORD = 'a-password-to-mask'
/** The pattern of the database recipes: dump beside the data, only the dump is backed up, restore loads it. */
const DUMP = '/var/lib/mysql/backup.sql'
const DB_LABELS = {
  'backupbot.backup': 'true',
  'backupbot.backup.pre-hook': `MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb-dump -u root --single-transaction shop > ${DUMP}`,
  'backupbot.backup.volumes.db-data.path': 'backup.sql',
  'backupbot.restore.post-hook': `MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb -u root shop < ${DUMP}`,
}
const KV_LABELS = {
  'backupbot.backup.pre-hook': 'redis-cli -a $REDIS_PASSWORD SAVE',
  'backupbot.restore.post-hook': 'redis-cli -a $REDIS_PASSWORD DEBUG RELOAD NOSAVE',
}

let stack: BareStack
/** Set by a test that wants the server's client to find other credentials: words before each command. */
let prefix: readonly string[] = []

const exec: ServiceExec = (service, argv, options) =>
  stack.engine.exec(`${stack.name}_${service}`, [...prefix, ...argv], options)

async function start(service: string, args: readonly string[]): Promise<void> {
  const container = `${stack.name}_${service}`
  stack.cleanup.register(container, async () => void (await tryDocker(['rm', '--force', '--volumes', container])))
  await docker(['run', '--detach', '--name', container, ...args])
}

async function answers(service: string, argv: readonly string[], words: string): Promise<void> {
  await waitFor(
    async () => {
      const { stdout } = await exec(service, argv, { timeoutMs: 10_000 })
      return stdout.includes(words) ? { state: 'ready', value: true } : { state: 'waiting', reason: stdout }
    },
    { name: service, timeoutMs: 60_000, everyMs: 100 },
  )
}

beforeAll(async () => {
  const images = new ImageBuilder(() => undefined)
  await Promise.all([images.ensure(mariadb()), images.ensure(redis())])
  stack = await bareStack('db-data', 'kv-data')
  const env = ['ROOT_PASSWORD', 'PASSWORD'].flatMap((name) => ['--env', `MARIADB_${name}=${PASSWORD}`])
  const names = ['--env', 'MARIADB_USER=shop', '--env', 'MARIADB_DATABASE=shop']
  await start('db', [...env, ...names, '--volume', `${stack.name}_db-data:/var/lib/mysql`, mariadb().tag])
  const command = ['redis-server', '--requirepass', PASSWORD, '--enable-debug-command', 'local']
  const kv = ['--env', `REDIS_PASSWORD=${PASSWORD}`, '--volume', `${stack.name}_kv-data:/data`]
  await start('kv', [...kv, redis().tag, ...command])
  await start('cache', [redis().tag])
  await answers(
    'db',
    ['mariadb', '--protocol=TCP', '-h127.0.0.1', '-ushop', `-p${PASSWORD}`, '-Ne', 'SELECT 7', 'shop'],
    '7',
  )
  await sql(`CREATE TABLE orders(id INT PRIMARY KEY AUTO_INCREMENT, body TEXT, kind ENUM('a b','c'));
    INSERT INTO orders(body) SELECT CONCAT('private ', seq) FROM seq_1_to_30; CREATE VIEW recent AS SELECT * FROM orders;
    CREATE TABLE \`odd \`\`one'"\`(\`a b\` INT); INSERT INTO \`odd \`\`one'"\` VALUES (1); CREATE TABLE wp_options(name VARCHAR(20));
    INSERT INTO wp_options VALUES ('a'),('b'); CREATE TABLE hot(x INT) ENGINE=MEMORY; INSERT INTO hot VALUES (1)`)
  await kvCli('MSET', 'user:1', 'private', 'user:2', 'private')
  await kvCli('SET', 'session:1', 'private', 'EX', '600')
  await kvCli('-n', '3', 'LPUSH', 'mails', 'private')
}, 240_000)

afterAll(() => stack[Symbol.asyncDispose]())

async function sql(text: string): Promise<string> {
  const argv = ['mariadb', '-uroot', `-p${PASSWORD}`, '-N', 'shop', '-e', text]
  const { exitCode, stdout, stderr } = await stack.engine.exec(`${stack.name}_db`, argv, { timeoutMs: 30_000 })
  if (exitCode !== 0) throw new Error(stderr)
  return stdout.trim()
}

async function kvCli(...words: string[]): Promise<string> {
  const argv = ['redis-cli', '--no-auth-warning', '-a', PASSWORD, ...words]
  return (await stack.engine.exec(`${stack.name}_kv`, argv, { timeoutMs: 10_000 })).stdout.trim()
}

function around(services: Record<string, ComposeService>): WitnessContext {
  const model = stackOf(services, ['db-data', 'kv-data'])
  return { toolbox: stack.toolbox, stack: stack.name, exec, model, plan: backupPlan(model) }
}

/** The databases alone: without the volumes there is less to look at. */
const serversOnly = (services: Record<string, ComposeService>): WitnessContext => ({
  ...around(services),
  toolbox: { ...stack.toolbox, volumes: [] },
})

const volume = (source: string, target: string) => [{ type: 'volume' as const, source, target }]
const db = (labels: Record<string, string> = DB_LABELS): ComposeService => ({
  image: mariadb().tag,
  deploy: { labels },
  volumes: volume('db-data', '/var/lib/mysql'),
})
const kv = (labels: Record<string, string> = KV_LABELS): ComposeService => ({
  image: redis().tag,
  deploy: { labels },
  volumes: volume('kv-data', '/data'),
})
const everything = { db: db(), kv: kv(), cache: { image: redis().tag } }

const hooks = (here: WitnessContext, phase: HookOptions['phase']) =>
  runHooks({ plan: here.plan, phase, exec, mask: String })
const rowsOf = (evidence: Awaited<ReturnType<typeof compareAfterUpgrade>>) =>
  'witnesses' in evidence
    ? Object.fromEntries(
        evidence.witnesses.filter(({ counts, kind }) => counts || kind === 'redis').map((row) => [row.subject, row]),
      )
    : {}

test('backup, destroy, restore: dump and hooks bring the row and the key back, and nothing of ours stays', async () => {
  const here = around(everything)
  await watched(here, async (planted) => {
    expect(planted.unwatched).toEqual([])
    expect((await hooks(here, 'backup.pre-hook')).rows.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    const taken = await snapshot(here.toolbox, here.plan, { tag: stack.runId })
    expect(await checkDumps(here.toolbox, taken, here.plan)).toBeUndefined()
    await destroyBeforeRestore(here, planted)
    await sql('DELETE FROM orders WHERE id > 3')
    await kvCli('DEL', 'user:1')
    expect(await sql("SHOW TABLES LIKE 'cc_ci%'")).toBe('')
    expect(await kvCli('EXISTS', 'cc_ci_witness')).toBe('0')
    await restore(here.toolbox, taken)
    expect((await hooks(here, 'restore.post-hook')).cause).toBeUndefined()

    const evidence = await compareAfterRestore(here, planted)
    expect(evidenceProblem(evidence)).toBeNull()
    expect(rowsOf(evidence)).toMatchObject({
      'mariadb:db': {
        result: 'kept',
        destroyed: 'no marker row',
        summary: 'the planted row came back; 4 tables with 33 rows not destroyed, so that nothing is proven of them',
      },
      'redis:kv': { result: 'kept', destroyed: expect.stringContaining('no planted key') },
      'redis:cache': { result: 'excluded', summary: expect.stringContaining('a cache: no volume at /data') },
    })
    expect(rowsOf(evidence)['mariadb:db']?.counts).toMatchObject({ tables: 4, rows: 33, rowsLost: 0 })
    expect(JSON.stringify(evidence)).not.toMatch(/private|password/)
  })
  expect(await sql('SELECT count(*) FROM orders')).toBe('30')
  expect(await sql("SHOW TABLES LIKE 'cc_ci%'")).toBe('')
  expect(await kvCli('GET', 'user:1')).toBe('private')
  expect(await kvCli('EXISTS', 'cc_ci_witness')).toBe('0')
})

test('an upgrade: a migration is a change, what apps tidy is none, deleted rows are a loss', async () => {
  const here = serversOnly(everything)
  await watched(here, async (planted) => {
    expect(rowsOf(await compareAfterUpgrade(here, planted))).toMatchObject({
      'mariadb:db': { result: 'kept' },
      'redis:kv': { result: 'kept', summary: expect.stringMatching(/^as many lasting keys .* db0: 2 .* db3: 1 /) },
    })
    await sql(`ALTER TABLE orders ADD done BOOL, ADD due DATE; RENAME TABLE \`odd \`\`one'"\` TO tidy; DELETE FROM wp_options LIMIT 1;
      CREATE TABLE tags(x INT)`)
    await kvCli('-n', '3', 'DEL', 'mails')
    expect(rowsOf(await compareAfterUpgrade(here, planted))).toMatchObject({
      'mariadb:db': {
        result: 'changed',
        summary: '4 tables, 0 rows lost, 2 new tables, 1 former table, 2 new columns, 1 row tidied away',
        details: expect.arrayContaining(['table shop.odd `one\'" became shop.tidy']),
      },
      'redis:kv': { result: 'changed', summary: '3 lasting keys before, 2 after' },
    })
    await sql('DELETE FROM orders WHERE id = 30; DROP TABLE tidy')
    expect(rowsOf(await compareAfterUpgrade(here, planted))['mariadb:db']).toMatchObject({
      result: 'lost',
      summary: expect.stringContaining('table shop.orders has 29 rows, had 30'),
      counts: { rowsLost: 2, tablesLost: 1 },
    })
  })
})

test('a stop saves what Redis is set to save; a start without it is a loss, a client that empties it is none', async () => {
  const here = serversOnly({ kv: kv() })
  const result = async (planted: PlantedWitnesses) => rowsOf(await compareAfterUpgrade(here, planted))['redis:kv']
  await watched(here, async (planted) => {
    await docker(['restart', `${stack.name}_kv`])
    expect(await result(planted)).toMatchObject({ result: 'kept' })
    await docker(['kill', `${stack.name}_kv`])
    await stack.sh('rm /volumes/kv-data/dump.rdb')
    await docker(['start', `${stack.name}_kv`])
    expect(await result(planted)).toMatchObject({ result: 'lost', after: 'no planted key; no lasting keys' })
    await kvCli('FLUSHDB')
    expect(await result(planted)).toMatchObject({ result: 'changed', summary: expect.stringContaining('FLUSHDB') })
  })
})

test('a kill takes the writes that Redis had not saved yet: what is asked back after one was saved, or is not asked for', async () => {
  const here = serversOnly({ kv: kv() })
  const afterKill = async (planted: PlantedWitnesses) => {
    await flushBeforeKill(here, planted)
    await docker(['kill', `${stack.name}_kv`])
    await docker(['start', `${stack.name}_kv`])
    return rowsOf(await compareAfterUpgrade(here, planted))['redis:kv']
  }
  await watched(here, async (planted) => expect(await afterKill(planted)).toMatchObject({ result: 'kept' }))
  await kvCli('ACL', 'SETUSER', 'default', '-save')
  await watched(here, async (planted) =>
    expect(await afterKill(planted)).toMatchObject({
      result: 'excluded',
      summary: expect.stringContaining('does not save when it is asked to: NOPERM'),
    }),
  )
})

test('whatever credentials an image documents open the server; without any it is unwatched, and nothing fails', async () => {
  const here = serversOnly({ db: db(), kv: kv({}) })
  const file = `/tmp/secret`
  for (const service of ['db', 'kv'])
    await exec(service, ['sh', '-c', 'cat > "$1"', 'write', file], { timeoutMs: 10_000, stdin: `${PASSWORD}\n` })
  const bare = [
    'env',
    '-u',
    'MARIADB_ROOT_PASSWORD',
    '-u',
    'MARIADB_PASSWORD',
    '-u',
    'MARIADB_USER',
    '-u',
    'REDIS_PASSWORD',
  ]
  const command = (words: string) => serversOnly({ db: db(), kv: { ...kv({}), command: words } })
  const known: [readonly string[], WitnessContext][] = [
    [[...bare, `MYSQL_ROOT_PASSWORD_FILE=${file}`, `REDIS_PASSWORD_FILE=${file}`], here],
    [
      [...bare, 'MARIADB_RANDOM_ROOT_PASSWORD=1', 'MARIADB_USER=shop', `MARIADB_PASSWORD_FILE=${file}`],
      command(`redis-server --requirepass ${PASSWORD}`),
    ],
    [
      [...bare, 'MYSQL_USER=shop', `MYSQL_PASSWORD=${PASSWORD}`, `PW=${PASSWORD}`],
      command('sh -c \'redis-server --requirepass "$PW"\''),
    ],
    [['env'], command(`sh -c 'exec redis-server --requirepass "$(cat ${file})"'`)],
  ]
  try {
    for (const [words, surroundings] of known) {
      prefix = words
      const planted = await plantWitnesses(surroundings)
      await removeWitnesses(surroundings, planted)
      expect(planted.unwatched).toEqual([])
    }
    prefix = bare
    const planted = await plantWitnesses(here)
    await removeWitnesses(here, planted)
    expect(planted.unwatched).toEqual([
      expect.stringMatching(/^db looks like MariaDB\/MySQL, but it cannot be read: ERROR 1045 /),
      expect.stringMatching(/^kv looks like Redis, but it cannot be read: NOAUTH /),
    ])
    expect(planted.witnesses).toEqual([])
  } finally {
    prefix = []
  }
})

test('a database that takes no witness is unwatched, and nothing of ours stays', async () => {
  const here = serversOnly(everything)
  await sql('SET GLOBAL read_only = 1')
  await kvCli('CONFIG', 'SET', 'maxmemory', '1')
  prefix = ['env', '-u', 'MARIADB_ROOT_PASSWORD']
  try {
    const planted = await plantWitnesses(here)
    expect(planted.unwatched.map((text) => text.split(':').slice(0, 3).join(':'))).toEqual([
      expect.stringMatching(/^mariadb:db takes no witness/),
      expect.stringMatching(/^redis:kv takes no witness/),
    ])
    await removeWitnesses(here, planted)
  } finally {
    prefix = []
    await sql('SET GLOBAL read_only = 0')
    await kvCli('CONFIG', 'SET', 'maxmemory', '0')
  }
  expect(await sql("SHOW TABLES LIKE 'cc_ci%'")).toBe('')
})

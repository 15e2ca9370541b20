import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgres } from '../../fixtures/images/postgres.ts'
import { type HookOptions, runHooks } from '../../src/backup/hooks.ts'
import { backupPlan } from '../../src/backup/labels.ts'
import type { BackupPlan } from '../../src/backup/plan.ts'
import { checkDumps, coverageOf, restore, snapshot } from '../../src/backup/restic.ts'
import type { ServiceExec } from '../../src/backup/settled-exec.ts'
import {
  compareAfterRestore,
  compareAfterUpgrade,
  destroyBeforeRestore,
  plantWitnesses,
  removeWitnesses,
  type WitnessContext,
} from '../../src/backup/witness/index.ts'
import { docker, tryDocker } from '../../src/engine/docker-cli.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { evidenceProblem } from '../../src/verdict/evidence.ts'
import { type BareStack, bareStack, stackOf } from './support/bare-stack.ts'
import { watched } from './support/watched.ts'

const IMAGE = postgres().tag

/** The pattern of the database recipes: dump beside the data, only the dump is backed up, restore loads it into a new database. */
const PG_BACKUP = `#!/bin/bash
set -eo pipefail
dump=/var/lib/postgresql/data/backup.sql
export PGUSER=$POSTGRES_USER
backup() { pg_dump "$POSTGRES_DB" > "$dump.tmp"; mv "$dump.tmp" "$dump"; }
restore() {
  psql -q -v ON_ERROR_STOP=1 -d postgres -c "DROP DATABASE IF EXISTS $POSTGRES_DB WITH (FORCE)" -c "CREATE DATABASE $POSTGRES_DB"
  psql -q -v ON_ERROR_STOP=1 -1 -d "$POSTGRES_DB" -f "$dump"
}
"$1"
`
const LABELS = {
  'backupbot.backup': 'true',
  'backupbot.backup.pre-hook': '/pg_backup.sh backup',
  'backupbot.backup.volumes.db-data.path': 'backup.sql',
  'backupbot.restore.post-hook': '/pg_backup.sh restore',
}

let stack: BareStack
let exec: ServiceExec
let container: string

beforeAll(async () => {
  await new ImageBuilder(() => undefined).ensure(postgres())
  stack = await bareStack('db-data')
  container = `${stack.name}_db`
  stack.cleanup.register(container, async () => void (await tryDocker(['rm', '--force', container])))
  const env = ['POSTGRES_USER=todo', 'POSTGRES_DB=todo', 'POSTGRES_PASSWORD=a-password-to-mask'].flatMap((one) => [
    '--env',
    one,
  ])
  await docker([
    'run',
    '--detach',
    '--name',
    container,
    ...env,
    '--volume',
    `${stack.name}_db-data:/var/lib/postgresql/data`,
    IMAGE,
  ])
  exec = (_service, argv, options) => stack.engine.exec(container, argv, options)
  await stack.engine.exec(container, ['sh', '-c', 'cat > /pg_backup.sh && chmod 555 /pg_backup.sh'], {
    stdin: PG_BACKUP,
    timeoutMs: 10_000,
  })
  await waitFor(
    async () =>
      (
        await stack.engine.exec(
          container,
          ['psql', '-h', '127.0.0.1', '-w', 'postgresql://todo:a-password-to-mask@127.0.0.1/todo', '-c', 'SELECT 1'],
          { timeoutMs: 10_000 },
        )
      ).exitCode === 0
        ? { state: 'ready', value: true }
        : { state: 'waiting', reason: 'not yet' },
    { name: 'PostgreSQL', timeoutMs: 60_000 },
  )
  await sql(`CREATE TABLE todos(id serial PRIMARY KEY, body text); INSERT INTO todos(body) SELECT 'private ' || n FROM generate_series(1, 30) n;
    CREATE SCHEMA "odd ""one"; CREATE TABLE "odd ""one"."t'%I"(x int); CREATE TABLE sessions(sid text); INSERT INTO sessions VALUES ('s')`)
})

afterAll(() => stack[Symbol.asyncDispose]())

async function sql(text: string): Promise<string> {
  const { exitCode, stdout, stderr } = await stack.engine.exec(
    container,
    ['psql', '-U', 'todo', '-qAt', '-v', 'ON_ERROR_STOP=1', 'todo', '-c', text],
    { timeoutMs: 30_000 },
  )
  if (exitCode !== 0) throw new Error(stderr)
  return stdout.trim()
}

function around(labels: Record<string, string> = LABELS): WitnessContext {
  const model = stackOf(
    {
      db: {
        image: IMAGE,
        deploy: { labels },
        volumes: [{ type: 'volume', source: 'db-data', target: '/var/lib/postgresql/data' }],
      },
    },
    ['db-data'],
  )
  return { toolbox: stack.toolbox, stack: stack.name, exec, model, plan: backupPlan(model) }
}

const hooks = (plan: BackupPlan, phase: HookOptions['phase']) => runHooks({ plan, phase, exec, mask: String })
const database = (evidence: Awaited<ReturnType<typeof compareAfterUpgrade>>) =>
  'witnesses' in evidence ? evidence.witnesses.find(({ kind }) => kind === 'postgres') : undefined

test('backup, destroy, restore: the dump and the hook bring row, tables and rows back', async () => {
  const here = around()
  await watched(here, async (planted) => {
    expect((await hooks(here.plan, 'backup.pre-hook')).rows).toMatchObject([{ service: 'db', exitCode: 0 }])
    const taken = await snapshot(here.toolbox, here.plan, { tag: stack.runId })
    expect((await coverageOf(here.toolbox, taken, here.plan)).cause).toBeUndefined()
    expect(await checkDumps(here.toolbox, taken, here.plan)).toBeUndefined()
    expect(taken.volumes).toMatchObject([{ volume: 'db-data', files: 1 }])

    await destroyBeforeRestore(here, planted)
    await sql('DELETE FROM todos WHERE id > 3')
    expect(await sql("SELECT to_regnamespace('cc_ci_witness') IS NULL")).toBe('t')
    expect(await stack.sh('ls /volumes/db-data/backup.sql 2>&1 || true')).toContain('No such file')
    await restore(here.toolbox, taken)
    expect((await hooks(here.plan, 'restore.post-hook')).cause).toBeUndefined()

    const evidence = await compareAfterRestore(here, planted)
    expect(evidenceProblem(evidence)).toBeNull()
    expect(database(evidence)).toMatchObject({ result: 'kept', destroyed: 'no marker row', subject: 'postgres:db' })
    expect(evidence).toMatchObject({
      witnesses: [
        {},
        { kind: 'file', result: 'excluded' },
        { subject: 'volume:db-data/backup.sql', result: 'kept' },
        { kind: 'manifest', result: 'excluded' },
      ],
    })
    expect(JSON.stringify(evidence)).not.toContain('private')
    expect(JSON.stringify(evidence)).not.toContain('password')
  })
  expect(await sql('SELECT count(*) FROM todos')).toBe('30')
  expect(await sql("SELECT to_regnamespace('cc_ci_witness') IS NULL")).toBe('t')
})

test('a restore whose hook loads nothing has no effect', async () => {
  const here = around({ ...LABELS, 'backupbot.restore.post-hook': 'true' })
  await watched(here, async (planted) => {
    await hooks(here.plan, 'backup.pre-hook')
    const taken = await snapshot(here.toolbox, here.plan, { tag: stack.runId })
    await destroyBeforeRestore(here, planted)
    await restore(here.toolbox, taken)
    expect((await hooks(here.plan, 'restore.post-hook')).cause).toBeUndefined()
    expect(database(await compareAfterRestore(here, planted))).toMatchObject({
      result: 'lost',
      summary: expect.stringContaining('the planted row is missing'),
    })
  })
})

test('without a hook that loads the dump the row is not asked back and not taken away', async () => {
  const { 'backupbot.restore.post-hook': _, ...labels } = LABELS
  const here = around(labels)
  await watched(here, async (planted) => {
    await destroyBeforeRestore(here, planted)
    expect(database(await compareAfterRestore(here, planted))).toMatchObject({
      result: 'excluded',
      after: expect.stringContaining('marker row'),
    })
  })
})

test('a dump cut off while it is written is found, whatever the hook says', async () => {
  const here = around({
    ...LABELS,
    'backupbot.backup.pre-hook': 'pg_dump -U todo todo | head -c 300 > /var/lib/postgresql/data/backup.sql; true',
  })
  expect((await hooks(here.plan, 'backup.pre-hook')).cause).toBeUndefined()
  const taken = await snapshot(here.toolbox, here.plan, { tag: stack.runId })
  expect(await checkDumps(here.toolbox, taken, here.plan)).toMatchObject({
    code: 'backup-empty',
    message: expect.stringContaining('cut off'),
  })
})

test('a hook that fails in the container is the cause, with what it printed', async () => {
  const here = around({ ...LABELS, 'backupbot.backup.pre-hook': 'pg_dump -U todo nothere | cat' })
  const { rows, cause } = await hooks(here.plan, 'backup.pre-hook')
  expect(rows).toMatchObject([{ exitCode: 1 }])
  expect(cause).toMatchObject({ code: 'backup-hook-failed', service: 'db' })
  expect(cause?.lines.join('\n')).toContain('database "nothere" does not exist')
})

test('an upgrade: a migration is a change, deleted rows are a loss, expired sessions are neither', async () => {
  const here = around()
  await watched(here, async (planted) => {
    expect(database(await compareAfterUpgrade(here, planted))).toMatchObject({ result: 'kept' })
    await sql('ALTER TABLE todos ADD COLUMN done boolean; CREATE TABLE tags(x int); DELETE FROM sessions')
    expect(database(await compareAfterUpgrade(here, planted))).toMatchObject({ result: 'changed' })
    await sql('DELETE FROM todos WHERE id = 30')
    const lost = database(await compareAfterUpgrade(here, planted))
    expect(lost).toMatchObject({ result: 'lost', summary: expect.stringContaining('public.todos has 29 rows, had 30') })
  })
})

test('the server restarts on a data folder that holds a marker file', async () => {
  const here = around()
  await watched(here, async (planted) => {
    await docker(['kill', container])
    await docker(['start', container])
    await waitFor(
      async () =>
        (await stack.engine.exec(container, ['pg_isready', '-U', 'todo'], { timeoutMs: 10_000 })).exitCode === 0
          ? { state: 'ready', value: true }
          : { state: 'waiting', reason: 'not yet' },
      { name: 'PostgreSQL', timeoutMs: 60_000 },
    )
    const log = await docker(['logs', container])
    expect(log.stdout + log.stderr).not.toMatch(/cc-ci-witness/)
    expect(database(await compareAfterUpgrade(here, planted))?.result).toBe('kept')
  })
})

test('a service that only looks like a database is said to be unwatched, not failed', async () => {
  const planted = await plantWitnesses({ ...around(), exec: async () => ({ exitCode: 127, stdout: '', stderr: '' }) })
  expect(planted.unwatched).toEqual([
    'db looks like PostgreSQL, but it cannot be read: there is no shell or client program in it',
  ])
  await removeWitnesses(around(), planted)
})

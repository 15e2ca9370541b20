// cspell:ignore kysely indexdef schemaname conname constraintdef connamespace contype
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { migrate } from '../../../src/server/storage/schema/migrate.ts'
import { MIGRATIONS, RELEASED } from '../../../src/server/storage/schema/migrations.ts'
import type { Tables } from '../../../src/server/storage/schema/tables.ts'
import { onBothDatabases, request } from './bench.ts'
import { rawDatabase } from './raw-database.ts'
import { whatTheStoreSays } from './released/answers.ts'

const TABLES = {
  runs: true,
  turns: true,
  comments: true,
  refusals: true,
  enrolments: true,
  answers: true,
  cursors: true,
  workers: true,
} satisfies Record<keyof Tables, true>

test('every released schema is one of the migrations', () => {
  for (const { migration } of RELEASED) expect(Object.keys(MIGRATIONS)).toContain(migration)
})

function released(file: string): Promise<string> {
  return readFile(join(import.meta.dirname, 'released', file), 'utf8')
}

/** Columns, indexes and constraints, as the database describes them. */
async function schemaOf(db: Kysely<Tables>) {
  const columns = sql`select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
    where table_schema = 'public' order by 1, 2`
  const indexes = sql`select indexdef from pg_indexes where schemaname = 'public' order by 1`
  const checks = sql`select conname, pg_get_constraintdef(oid) as says from pg_constraint
    where connamespace = 'public'::regnamespace and contype in ('c', 'f', 'p', 'u') order by 1`
  const rows = []
  for (const query of [columns, indexes, checks]) rows.push((await query.execute(db)).rows)
  return rows
}

onBothDatabases((databases) => {
  for (const { version, migration } of RELEASED) {
    test(`the schema of ${version} comes to the newest with its rows`, async () => {
      const bench = await databases.bench()
      const raw = await rawDatabase(bench)
      await raw.script(await released(`${version}.sql`))
      await raw.close()
      const store = await bench.open()
      expect(await whatTheStoreSays(store)).toMatchObject(JSON.parse(await released(`${version}.json`)))
      const running = (await store.runs({ limit: 10, state: ['running'] })).map(({ request }) => request.id)
      await store.expire(bench.clock.now() + 3_600_000)
      for (const id of running) expect((await store.run(id))?.state).toBe('cancelled')
      const asked = request({ repository: 'Other/Recipe' })
      await store.add(asked)
      expect((await store.run(asked.id))?.state).toBe('queued')
    })

    test(`nobody has edited the migrations that ${version} was released with`, async () => {
      const [kept, made] = [await rawDatabase(await databases.bench()), await rawDatabase(await databases.bench())]
      await kept.script(await released(`${version}.sql`))
      const names = Object.keys(MIGRATIONS).filter((name) => name <= migration)
      await migrate(
        made.db,
        Object.fromEntries(names.map((name) => [name, MIGRATIONS[name] ?? {}])) as typeof MIGRATIONS,
      )
      expect(await schemaOf(made.db)).toEqual(await schemaOf(kept.db))
      await kept.close()
      await made.close()
    })
  }

  test('from every step the newest schema is reached, and reaching it again changes nothing', async () => {
    const names = Object.keys(MIGRATIONS).sort()
    for (const [index] of [...names, 'all'].entries()) {
      const bench = await databases.bench()
      await (await bench.open()).close()
      const raw = await rawDatabase(bench)
      for (const table of [...Object.keys(TABLES), 'kysely_migration', 'kysely_migration_lock']) {
        await sql`drop table ${sql.table(table)}`.execute(raw.db)
      }
      await migrate(
        raw.db,
        Object.fromEntries(names.slice(0, index).map((name) => [name, MIGRATIONS[name] ?? {}])) as typeof MIGRATIONS,
      )
      await migrate(raw.db)
      await migrate(raw.db)
      const tables = (await raw.db.introspection.getTables()).map((table) => table.name).sort()
      expect(tables).toEqual(Object.keys(TABLES).sort())
      await raw.close()
      const store = await bench.open()
      const asked = request()
      await store.add(asked)
      expect((await store.run(asked.id))?.state).toBe('queued')
    }
  })

  test('a database of a newer version is refused', async () => {
    const bench = await databases.bench()
    await (await bench.open()).close()
    const raw = await rawDatabase(bench)
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01')`.execute(raw.db)
    await raw.close()
    await expect(bench.open()).rejects.toMatchObject({
      code: 'database-newer',
      message: expect.stringContaining('9999-later'),
    })
  })
})

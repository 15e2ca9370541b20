// cspell:ignore kysely
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { migrate } from '../../../src/server/store/database/migrate.ts'
import { MIGRATIONS, RELEASED } from '../../../src/server/store/database/migrations.ts'
import type { Tables } from '../../../src/server/store/database/tables.ts'
import { onBothDatabases, request } from './bench.ts'
import { rawDatabase } from './raw-database.ts'

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

onBothDatabases((databases) => {
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

// cspell:ignore kysely
import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { InfraError, UsageError } from '../../../lib/errors.ts'
import { MIGRATIONS } from './migrations.ts'

/**
 * Brings the database to the newest schema; does nothing where it is there already. Throws UsageError `database-newer` where a newer cc-ci
 * has been at it.
 */
export async function migrate<T>(
  db: Kysely<T>,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<void> {
  await refuseNewer(db, migrations)
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  throw new InfraError('database-migration', 'the database could not be brought to the schema of this version', {
    cause: error,
    hint: 'Nothing was changed. See the cause in the log; the database can also be deleted: it is rebuilt from the run folders.',
  })
}

async function refuseNewer<T>(db: Kysely<T>, migrations: Readonly<Record<string, Migration>>): Promise<void> {
  const table = await sql<{ found: string | null }>`select to_regclass('kysely_migration')::text as found`.execute(db)
  if (!table.rows[0]?.found) return
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  const unknown = rows.map((row) => row.name).filter((name) => !(name in migrations))
  if (unknown.length === 0) return
  throw new UsageError(
    'database-newer',
    `the database has a newer schema than this version knows: ${unknown.join(', ')}`,
    {
      hint: 'Start the newer cc-ci again, or delete the database: it is rebuilt from the run folders.',
    },
  )
}

import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openPostgres } from '../../../src/server/storage/open.ts'
import { startPostgres } from '../support/postgres.ts'

test('a connection that breaks between two queries of a transaction ends the transaction, not the process', async () => {
  const postgres = await startPostgres()
  const { db, close } = openPostgres(await postgres.database())
  try {
    const broken = db.transaction().execute(async (trx) => {
      await sql`select 1`.execute(trx)
      await postgres.stop()
      // As long as a file takes: the end of the connection is heard while nobody asks it anything.
      await new Promise((resolve) => setTimeout(resolve, 100))
      await sql`select 2`.execute(trx)
    })
    await expect(broken).rejects.toThrow()
    await postgres.start()
    expect(await sql`select 3 as n`.execute(db)).toMatchObject({ rows: [{ n: 3 }] })
  } finally {
    await close()
    await postgres.close()
  }
})

import type { Store } from '../contract/store.ts'
import { type Context, change } from '../storage/context.ts'

type Part = Pick<Store, 'enroll' | 'withdraw' | 'enrollments' | 'enrollmentOf'>

export function enrollmentRepository(context: Context): Part {
  const { db, enrollmentFiles: enrolmentFiles } = context
  return {
    async enroll(enrollment) {
      const name = enrollment.name.toLowerCase()
      const document = JSON.stringify(enrollment)
      await change(context, async (trx) => {
        await trx
          .insertInto('enrolments')
          .values({ name, document })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ document }))
          .execute()
        await trx
          .insertInto('cursors')
          .values({ name, at: enrollment.at })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        await enrolmentFiles.write(enrollment)
      })
    },

    async withdraw(name) {
      const key = name.toLowerCase()
      return change(context, async (trx) => {
        const gone = await trx.deleteFrom('enrolments').where('name', '=', key).executeTakeFirst()
        await trx.deleteFrom('cursors').where('name', '=', key).execute()
        await enrolmentFiles.remove(name)
        return gone.numDeletedRows > 0n
      })
    },

    async enrollments() {
      const rows = await db.selectFrom('enrolments').select('document').orderBy('name').execute()
      return rows.map((row) => JSON.parse(row.document))
    },

    async enrollmentOf(repository) {
      const name = repository.toLowerCase()
      const organisation = name.split('/')[0] ?? name
      const rows = await db.selectFrom('enrolments').selectAll().where('name', 'in', [name, organisation]).execute()
      const row = rows.find((found) => found.name === name) ?? rows[0]
      return row ? JSON.parse(row.document) : null
    },
  }
}

import type { Store } from '../../contract/store.ts'
import { type Context, change } from '../context.ts'

type Part = Pick<Store, 'enrol' | 'withdraw' | 'enrolments' | 'enrolmentOf'>

export function enrolmentPart(context: Context): Part {
  const { db, enrolmentFiles } = context
  return {
    async enrol(enrolment) {
      const name = enrolment.name.toLowerCase()
      const document = JSON.stringify(enrolment)
      await change(context, async (trx) => {
        await trx
          .insertInto('enrolments')
          .values({ name, document })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ document }))
          .execute()
        await trx
          .insertInto('cursors')
          .values({ name, at: enrolment.at })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        await enrolmentFiles.write(enrolment)
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

    async enrolments() {
      const rows = await db.selectFrom('enrolments').select('document').orderBy('name').execute()
      return rows.map((row) => JSON.parse(row.document))
    },

    async enrolmentOf(repository) {
      const name = repository.toLowerCase()
      const organisation = name.split('/')[0] ?? name
      const rows = await db.selectFrom('enrolments').selectAll().where('name', 'in', [name, organisation]).execute()
      const row = rows.find((found) => found.name === name) ?? rows[0]
      return row ? JSON.parse(row.document) : null
    },
  }
}

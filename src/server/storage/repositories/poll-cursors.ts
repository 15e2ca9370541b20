import type { Store } from '../../contract/store.ts'
import type { Context } from '../context.ts'

export function pollCursorRepository({ db }: Context): Pick<Store, 'cursor' | 'setCursor'> {
  return {
    async cursor(name) {
      const row = await db.selectFrom('cursors').select('at').where('name', '=', name.toLowerCase()).executeTakeFirst()
      return row?.at ?? null
    },

    async setCursor(name, at) {
      await db
        .insertInto('cursors')
        .values({ name: name.toLowerCase(), at })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ at }))
        .execute()
    },
  }
}

import { UsageError } from '../../../lib/errors.ts'
import type { Store } from '../../contract/store.ts'
import { type Context, change } from '../context.ts'

type Part = Pick<Store, 'workers' | 'addWorker' | 'removeWorker' | 'workerOfToken' | 'seenWorker'>

export function workerPart(context: Context): Part {
  const { db, workerFiles } = context
  return {
    async workers() {
      const rows = await db.selectFrom('workers').selectAll().orderBy('name').execute()
      return rows.map((row) => ({
        name: row.name,
        seenAt: row.seen_at === null ? null : new Date(row.seen_at).toISOString(),
        memoryBytes: row.memory,
        freeBytes: row.free,
        harness: row.harness,
        trouble: row.trouble,
      }))
    },

    async addWorker(name, tokenHash) {
      await change(context, async (trx) => {
        const added = await trx
          .insertInto('workers')
          .values({ name, token_hash: tokenHash })
          .onConflict((conflict) =>
            conflict.column('name').doUpdateSet({ token_hash: tokenHash }).where('workers.token_hash', 'is', null),
          )
          .executeTakeFirst()
        if (!added.numInsertedOrUpdatedRows) {
          throw new UsageError('worker-exists', `there is a worker called ${name} already`, {
            kind: 'conflict',
            hint: 'Remove it first, or take another name.',
          })
        }
        await workerFiles.write({ name, tokenHash })
      })
    },

    async removeWorker(name) {
      return change(context, async (trx) => {
        const gone = await trx.deleteFrom('workers').where('name', '=', name).executeTakeFirst()
        await workerFiles.remove(name)
        return gone.numDeletedRows > 0n
      })
    },

    async workerOfToken(tokenHash) {
      const row = await db.selectFrom('workers').select('name').where('token_hash', '=', tokenHash).executeTakeFirst()
      return row?.name ?? null
    },

    async seenWorker(capacity, now) {
      const seen = {
        seen_at: now,
        memory: capacity.memoryBytes,
        free: capacity.freeBytes,
        harness: capacity.harness,
        trouble: capacity.trouble ?? null,
      }
      await db
        .insertInto('workers')
        .values({ name: capacity.worker, token_hash: null, ...seen })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(seen))
        .execute()
    },
  }
}

import type { Clock } from '../../lib/async/clock.ts'
import { UsageError } from '../../lib/errors.ts'
import { type WorkerDisks, workerDisks } from '../contract/protocol.ts'
import type { Store } from '../contract/store.ts'
import { type Context, change } from '../storage/context.ts'

type Part = Pick<Store, 'workers' | 'addWorker' | 'removeWorker' | 'workerOfToken' | 'seenWorker'>

export function workerRepository(context: Context): Part {
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
        unavailableReason: row.trouble,
        disks: disksIn(row.disks),
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
        const removed = await trx.deleteFrom('workers').where('name', '=', name).executeTakeFirst()
        await workerFiles.remove(name)
        return removed.numDeletedRows > 0n
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
        trouble: capacity.unavailableReason ?? null,
        disks: capacity.disks ? JSON.stringify(capacity.disks) : null,
      }
      await db
        .insertInto('workers')
        .values({ name: capacity.worker, token_hash: null, ...seen })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(seen))
        .execute()
    },
  }
}

/** What another version wrote may have another shape. */
function disksIn(text: string | null): WorkerDisks | null {
  try {
    return text === null ? null : workerDisks.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** A worker that was not here for so long is not counted on. */
const KNOWN_MS = 3_600_000

/** Memory of the largest worker of late, in bytes; null while none is known. */
export async function largestWorker(store: Pick<Store, 'workers'>, clock: Pick<Clock, 'now'>): Promise<number | null> {
  const since = clock.now() - KNOWN_MS
  const sizes = (await store.workers()).flatMap(({ seenAt, memoryBytes }) =>
    seenAt !== null && memoryBytes !== null && Date.parse(seenAt) >= since ? [memoryBytes] : [],
  )
  return sizes.length === 0 ? null : Math.max(...sizes)
}

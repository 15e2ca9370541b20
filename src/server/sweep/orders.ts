import { readdirSync } from 'node:fs'
import { link, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { sweepFolder } from '../../history/sweep/record.ts'
import { writeJson } from '../../lib/files/atomic-file.ts'
import { isRunId, randomId } from '../../lib/ids.ts'
import type { SweepOrder } from '../contract/sweeps.ts'
import { readDocument } from '../storage/files/documents.ts'

const orderShape = z.strictObject({
  schema: z.literal(1),
  id: z.string().refine(isRunId),
  at: z.iso.datetime(),
  by: z.string(),
  mode: z.enum(['all', 'changed']),
  only: z.array(z.string()).nullable(),
})

/** What was ordered, newest first; those of the command line have no order. */
export async function readOrders(state: string): Promise<SweepOrder[]> {
  const found: SweepOrder[] = []
  for (const id of idsIn(state)) {
    const order = await readDocument(fileOf(state, id), orderShape, () => {})
    if (order?.id === id) found.push(order)
  }
  return found
}

/** False where it was ordered before: of several servers one makes it. */
export function writeOrder(state: string, order: SweepOrder): Promise<boolean> {
  return writeOnce(fileOf(state, order.id), order)
}

/** Writes a document whole, unless there is one: then it stays, and this is false. */
export async function writeOnce(file: string, value: unknown): Promise<boolean> {
  const beside = join(dirname(file), `.${randomId(12)}.once`)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeJson(beside, value, { mode: 0o644 })
  try {
    await link(beside, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
}

function fileOf(state: string, id: string): string {
  return join(sweepFolder(state, id).dir, 'order.json')
}

function idsIn(state: string): string[] {
  try {
    return readdirSync(join(state, 'sweeps')).filter(isRunId).sort().reverse()
  } catch {
    return []
  }
}

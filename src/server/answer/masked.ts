import type { RunRow } from '../contract/store.ts'
import type { Reply } from '../trigger/replies.ts'

interface Masking {
  mask(text: string): string
}

/** Masked before it is escaped or cut: afterwards a secret would no longer be known as one. */
export function maskedReply(reply: Reply, masker: Masking): Reply {
  return reply.kind === 'grammar' ? { ...reply, line: masker.mask(reply.line) } : reply
}

/** The same of what a run's end says. */
export function maskedRow(row: RunRow, masker: Masking): RunRow {
  return row.outcome ? { ...row, outcome: { ...row.outcome, message: masker.mask(row.outcome.message) } } : row
}

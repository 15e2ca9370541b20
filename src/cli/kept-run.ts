import { UsageError } from '../lib/errors.ts'
import type { Attached } from '../lifecycle/plan.ts'
import { readRecord, runFolder } from '../lifecycle/run-folder.ts'
import { expandRunId } from './run-id.ts'

/** The app of a run that was kept. Throws UsageError `not-kept`. */
export function keptRun(state: string, text: string): Attached {
  const id = expandRunId(state, text)
  const record = readRecord(runFolder(state, id))
  if (record?.status === 'kept' && record.app) {
    const { domain, stack, commit } = record.app
    return { runId: id, domain, stack, commit }
  }
  throw new UsageError('not-kept', `run ${id} has left no app up`, {
    hint: 'Start one with `cc-ci test --keep`; `cc-ci runs` shows which runs are kept.',
  })
}

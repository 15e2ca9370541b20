import { UsageError } from '../../lib/errors.ts'
import type { AttachedRun } from '../../lifecycle/plan.ts'
import { listRuns, readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import { expandRunId } from './run-id.ts'

/** The app of a run that was kept, by id, the end of one, or `last`: the newest that is still kept. Throws UsageError `not-kept`. */
export function retainedRun(state: string, text: string): AttachedRun {
  const id = (text === 'last' ? newestRetained(state) : undefined) ?? expandRunId(state, text)
  const folder = runFolder(state, id)
  const record = readRecord(folder)
  if (record?.status === 'kept' && record.app) {
    const { domain, stack, commit, node } = record.app
    return { runId: id, folder, domain, stack, commit, ...(node === undefined ? {} : { node }) }
  }
  throw new UsageError('not-kept', `run ${id} has left no app up`, {
    hint: 'Start one with `cc-ci test --keep`; `cc-ci runs` shows which runs are kept.',
  })
}

/** Runs that only looked at its app are newer, and have kept nothing themselves. */
function newestRetained(state: string): string | undefined {
  return listRuns(state).find((id) => readRecord(runFolder(state, id))?.status === 'kept')
}

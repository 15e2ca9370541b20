import { Engine } from '../engine/client.ts'
import { EXIT } from '../lib/errors.ts'
import { stateDir } from '../machine/state-dir.ts'
import type { StateOption } from './program.ts'
import { expandRunId } from './run-id.ts'
import { sweepDeadRuns } from './sweep.ts'

/** `cc-ci gc`: takes down what dead runs left, and kept runs that are named. Exit 1 when something could not be removed. */
export async function gcCommand(runs: readonly string[], options: StateOption): Promise<number> {
  const state = stateDir(options.state)
  const kept = runs.map((run) => expandRunId(state, run))
  const collected = await sweepDeadRuns(state, await Engine.connect(), kept)
  for (const { id, removed, left, failures } of collected) {
    process.stdout.write(`${id}: ${removed} removed${left.length > 0 ? `, ${left.length} left` : ''}\n`)
    for (const { kind, name } of left) process.stdout.write(`  left: ${kind} ${name}\n`)
    for (const failure of failures) process.stdout.write(`  ${failure}\n`)
  }
  if (collected.length === 0)
    process.stdout.write('nothing to remove: every run in this state folder has ended or is still going\n')
  return collected.some(({ left }) => left.length > 0) ? EXIT.fail : EXIT.pass
}

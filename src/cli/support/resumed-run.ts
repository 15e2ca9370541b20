import type { CheckpointStore } from '../../history/checkpoints/store.ts'
import { UsageError } from '../../lib/errors.ts'
import type { RunPlan } from '../../lifecycle/plan.ts'
import { digestDifference } from '../../lifecycle/planning/release-digest.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { type DeployedDigests, digestsOf, type ResumedRun } from '../../lifecycle/stored-data/checkpoint.ts'
import { readEvents } from '../../verdict/event-log.ts'
import { fold } from '../../verdict/fold.ts'
import { expandRunId } from './run-id.ts'

/**
 * A failed run to continue from, by id, the end of one, or `last`: the newest that has a checkpoint. Throws UsageError `no-checkpoint`, `run-not-over`,
 * `no-such-run`, or `nothing-to-resume` for one that passed.
 */
export async function resumedRun(state: string, text: string, store: CheckpointStore): Promise<ResumedRun> {
  const run = text === 'last' ? newest(store, state) : expandRunId(state, text)
  const checkpoint = await store.lend(run)
  const { tiers, verdict } = fold(readEvents(runFolder(state, run).events))
  if (verdict === 'pass')
    throw new UsageError('nothing-to-resume', `run ${run} passed: there is nothing left to judge`, {
      hint: 'Leave --resume out to judge the recipe once more.',
    })
  const passed = tiers.filter(({ status }) => status === 'pass').map(({ id }) => id)
  return { run, checkpoint, passed: passed.filter((id) => id !== 'teardown' && id !== 'lint') }
}

function newest(store: CheckpointStore, state: string): string {
  const [run] = store.runs()
  if (run !== undefined) return run
  throw new UsageError('no-checkpoint', `no failed run in ${state} has kept its app`, {
    hint: 'It is kept by a run on the command line that fails after its backup passed; with --checkpoints by one whose install passed. What passes keeps nothing.',
  })
}

/** The plan must deploy what the failed run deployed, to the last label; what deploys nothing, a test for example, may have changed. Throws UsageError `not-same-head`. */
export function refuseOtherHead(plan: RunPlan, { run, checkpoint }: ResumedRun): void {
  const { recipe, digests } = checkpoint
  if (plan.repo.name !== recipe.name)
    throw new UsageError('not-same-head', `run ${run} is one of ${recipe.name}, not of ${plan.repo.name}`, {
      hint: `Name the recipe: cc-ci test PATH-OF-${recipe.name.toUpperCase()} --resume ${run}.`,
    })
  const now = digestsOf(plan)
  const wrong = [...differs('head', digests, now), ...differs('base', digests, now)]
  if (wrong.length === 0) return
  throw new UsageError('not-same-head', `head deploys something else than in run ${run}: ${wrong.join(', ')}`, {
    hint: `That run was of ${recipe.commit.slice(0, 10)}${recipe.dirty ? ' and uncommitted changes' : ''}, this is ${plan.head.commit.slice(0, 10)}${plan.head.dirty ? ' and uncommitted changes' : ''}. What is new has to be judged from the start: leave --resume out.`,
  })
}

function differs(which: keyof DeployedDigests, then: DeployedDigests, now: DeployedDigests): string[] {
  const [before, after] = [then[which], now[which]]
  if (before === null || after === null)
    return before === after ? [] : [`${which}: there is ${after === null ? 'none any more' : 'one now'}`]
  return digestDifference(before, after).map((part) => `${which}: ${part}`)
}

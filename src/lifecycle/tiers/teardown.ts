import { isLost, takeLedger } from '../../engine/ledger.ts'
import { Cleanup, type UndoFailure } from '../../lib/async/cleanup.ts'
import { messageOf } from '../../lib/errors.ts'
import { cause } from '../../verdict/causes.ts'
import { finding } from '../../verdict/findings.ts'
import { ownStack } from '../attached-app.ts'
import type { RunContext, TierRunner } from '../context.ts'
import { keepLogs } from '../logs.ts'
import type { TierReporter } from '../reporter.ts'
import { keepCanonical } from '../stored-data/keep-canonical.ts'
import { leaksOf, takeDown } from '../take-down.ts'

const TEARDOWN_DEADLINE_MS = 120_000
const UNSEEN_HINT =
  'What the run had there goes when the node is back: the next run removes it, or `cc-ci gc`. Once the node has left the Swarm (`docker node rm`) nothing of it counts any more.'

const OF_UNSEEN = ['node', 'tasks', 'networks']

/** Removes all of the run under a deadline of its own, then looks for what is left. It does not listen to the run's signal: it runs also after a cancellation. */
export const teardownTier: TierRunner = {
  async run(context, reporter) {
    await keepLogs(context).catch((error: unknown) => {
      reporter.finding(finding('logs-incomplete', messageOf(error)))
    })
    await keepCanonical(context, reporter)
    await removeAndProve(context, reporter)
  },
}

/** By the deployer, where that is something of its own; what it cannot do is removed all the same, and told. */
async function undeployed({ deployer, plan }: RunContext): Promise<UndoFailure[]> {
  const cleanup = new Cleanup()
  if (deployer.undeploysItself && !plan.attached)
    cleanup.register('the app as its deployer does', () =>
      deployer.undeploy(plan.app, { timeoutMs: TEARDOWN_DEADLINE_MS }),
    )
  return cleanup.run()
}

async function removeAndProve(context: RunContext, reporter: TierReporter): Promise<void> {
  const { plan, host, folder, before } = context
  const run = { engine: host.engine, stack: ownStack(plan), runId: plan.app.runId, folder }
  const { known, lost } = await takeLedger(host.engine, run).then(
    (ledger) => ({ known: ledger, lost: null }),
    (error: unknown) => ({ known: undefined, lost: error }),
  )
  // Also where the engine is gone: what runs on this machine would outlive the run, and keep it from ending.
  const failures = await reporter.operation(plan.attached ? 'remove-helpers' : 'remove', async () => [
    ...(await context.resources.dispose(context)),
    ...(await undeployed(context)),
    ...(await takeDown({ ...run, known, timeoutMs: TEARDOWN_DEADLINE_MS })),
  ])
  for (const { what, message, error } of failures) {
    // What cannot be removed from a node that is gone is nobody's mistake.
    const code = isLost(error) ? 'engine-lost' : 'teardown-leak'
    reporter.check({ id: 'removed', subject: what }, 'unverified', cause(code, `${what}: ${message}`))
  }
  if (!known) throw lost
  const { ledger, leaks } = await leaksOf({ ...run, known })
  for (const leak of leaks) reporter.leak(leak)
  reporter.evidence({
    kind: 'ledger',
    before: before.counts(),
    during: known.counts(),
    after: ledger.counts(),
    removed: known.total,
  })
  const left = leaks.map(({ kind, name }) => `${kind} ${name}`).join(', ')
  // Tasks on a node that nobody can look at stay as long as it is silent, and with them the networks that they are in.
  const unseen = leaks.some(({ kind }) => kind === 'node') && leaks.every(({ kind }) => OF_UNSEEN.includes(kind))
  if (left && unseen)
    reporter.check('nothing-left', 'unverified', cause('engine-lost', `not looked at: ${left}`, { hint: UNSEEN_HINT }))
  else if (left) reporter.check('nothing-left', 'fail', cause('teardown-leak', `still there: ${left}`))
  else reporter.check('nothing-left', 'pass')
}

import { type MachineKill, machineKills } from '../../lib/process/kernel-kills.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import { machineLine } from '../../verdict/machine-line.ts'
import type { TierResult } from '../../verdict/results.ts'
import { TIERS, type TierId } from '../../verdict/tiers.ts'
import type { RunContext } from '../context.ts'
import { busyMachine } from './busy-processors.ts'

/** What a tier has found so far. */
type Found = Pick<TierResult, 'checks' | 'tests'>
type Doubted = Pick<RunContext, 'host' | 'plan' | 'resources' | 'watch'>

/**
 * Moves the window in which a shortage makes a fault doubtful, and returns its start (epoch ms); `begun`: of the tier that ends now. The watch may report an exit of one
 * tier only in the next one, so the window then still begins with the tier before. Call once for each tier, at its end.
 */
export function advanceDoubtWindow({ watch, state }: Pick<RunContext, 'watch' | 'state'>, begun: number): number {
  if (watch.failed) return state.doubtWindowStart ?? begun
  state.doubtWindowStart = begun
  return begun
}

/**
 * Why a fault of the recipe would not be proven in this tier: code of the recipe was refused, memory or processes that are not the recipe’s ran out, or a dependency did not
 * come up, and what is missing may be exactly that; or tests ran out of time on a machine that had none. Null: no doubt. `begun`: of the tier, epoch ms. `found`: by the tier.
 */
export function doubtOf(
  tier: TierId,
  { host, plan, resources, watch }: Doubted,
  begun: number,
  found: Found = { checks: [], tests: [] },
  kills: (since: number) => readonly MachineKill[] = machineKills,
): Cause | null {
  if (TIERS[tier].app === 'none' || plan.policy.length > 0) return null
  const refused = plan.custom.admitted.refused.filter(({ tiers, isTest }) => !isTest && tiers.includes(tier))
  if (refused.length > 0) {
    const what = refused.map((refusal) => refusal.what).join(', ')
    return cause('code-refused', `${tier} found a fault, but code that it may need was refused: ${what}`)
  }
  const starved = watch.starved(begun)
  if (starved) {
    const { service, why } = starved
    return cause(why.code, `${tier} found a fault after ${why.message}`, {
      service,
      ...(why.hint ? { hint: why.hint } : {}),
    })
  }
  // The kernel that is asked is this machine's, and the app is on another.
  const [killed] = host.engine.node === null ? kills(begun) : []
  if (killed) {
    const message = `${tier} found a fault after the machine itself had run out of memory: the kernel killed ${killed.program}`
    return cause('run-memory', message, {
      hint: 'Give the machine more memory, or the runs on it less (`--run-memory`).',
    })
  }
  const [failed] = resources.deps.failures.values()
  if (failed)
    return cause('dep-failed', `${tier} found a fault, but a dependency is missing: ${failed.message}`, failed)
  return busyDoubt(tier, found)
}

/** What another check than the tests has found stays found, however busy the machine is. */
function busyDoubt(tier: TierId, { checks, tests }: Found): Cause | null {
  const fault = checks.some(({ outcome, cause }) => outcome === 'fail' && cause?.code !== 'test-failed')
  const machine = fault ? null : busyMachine(tests)
  if (!machine) return null
  const message = `${tier} has tests that ran out of time while the machine had a load of ${machine.load[0]?.toFixed(0)} on ${machine.processors} processors, which says nothing of the app`
  return cause('deadline', message, {
    hint: 'Run it again on a machine with less to do; a server bounds what runs at a time by the jobs and the memory of its workers.',
    lines: [machineLine(machine)],
  })
}

import { type Cause, cause } from '../../verdict/causes.ts'
import type { Restart } from './restarts.ts'

const FOREIGN_HINT =
  'Something in the app changes its own service (an updater with the engine socket?): a redeploy undoes that.'

/**
 * Whose doing it is that a redeploy of the same commit restarted something. The same files and the same environment give the same services, or
 * our deployer is at fault. Where something had changed every such service since its deployment, it is the app's own doing, which each
 * redeploy undoes; where only images differ, their tags were moved meanwhile, which proves nothing.
 */
export function restartCause(restarts: readonly Restart[]): { why: Cause; outcome: 'fail' | 'unverified' } {
  const message = `deploying the same commit again restarted ${restarts.map(described).join('; ')}`
  const [first] = restarts
  const where = first ? { service: first.service } : {}
  if (restarts.every(({ changedBefore }) => changedBefore.length > 0)) {
    return { why: cause('no-op-restarts', message, { ...where, blame: 'recipe', hint: FOREIGN_HINT }), outcome: 'fail' }
  }
  const moved = restarts.every(({ differs }) => differs.join() === 'image')
  return { why: cause(moved ? 'image-moved' : 'no-op-restarts', message, where), outcome: 'unverified' }
}

function described({ service, differs, changedBefore }: Restart): string {
  const what = differs.length > 0 ? `differs in ${differs.join(', ')}` : 'differs in nothing that the engine shows'
  return changedBefore.length > 0
    ? `${service} (${what}; ${changedBefore.join(', ')} was changed by something else since it was deployed)`
    : `${service} (${what})`
}

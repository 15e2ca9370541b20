import type { Cause } from '../../verdict/causes.ts'
import type { CheckRef } from '../../verdict/checks.ts'
import type { CheckOutcome } from '../../verdict/events.ts'
import type { TierId } from '../../verdict/tiers.ts'
import type { RunContext } from '../context.ts'

export interface FoundFault {
  readonly check: CheckRef
  readonly outcome: Exclude<CheckOutcome, 'pass'>
  readonly why: Cause
}

const HINT = 'This is a released version, not your change: what an upgrade from there to head would do is not known.'

/**
 * What is wrong with a released version on the way to head keeps that upgrade from being judged, and is never a fault of head: `unverified`, with the true
 * cause and its blame. So it is with one of several bases, and with a chain. Of a single base, which the caller chose for head, it fails as ever.
 */
export function notOfHead(tier: TierId, { plan, state }: RunContext, found: FoundFault): FoundFault {
  const where = released(tier, { plan, state })
  if (where === null) return found
  const { message, hint } = found.why
  const text = message.startsWith(where) ? message : `${where}: ${message}`
  return { ...found, outcome: 'unverified', why: { ...found.why, message: text, hint: `${hint} ${HINT}`.trim() } }
}

/** The release that ran then, where it was not head and may not be held against it. */
function released(tier: TierId, { plan: { base, request }, state }: Pick<RunContext, 'plan' | 'state'>): string | null {
  if (base.kind !== 'base') return null
  if (tier === 'upgrade' && state.stepping) return `on the way to head, ${state.stepping}`
  const several = request.oneOfSeveral === true || base.via.length > 0
  return tier === 'install' && several ? `the base version ${base.ref.version}` : null
}

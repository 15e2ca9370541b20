import { finding } from '../../verdict/findings.ts'
import { type Head, type PlanRequest, planHead, type RunPlan } from '../plan.ts'
import type { Canonical, CanonicalLibrary, CanonicalLookup, CanonicalUse } from './canonical.ts'

/** Whether the run wants the data of a canonical, and where it asks for one. */
export interface CanonicalOptions {
  readonly library: CanonicalLibrary
  /** `auto`: a quick run takes what there is, a cold one where the setting `upgrade.data` says so. `yes`: whatever the settings say. `no`: never. */
  readonly use: 'auto' | 'yes' | 'no'
}

/**
 * The plan, with the data of a canonical where one is wanted and there. It never decides which version is the base: that is what operators have, and the
 * history knows it. Where the canonical of exactly that version is unavailable, the run is a cold one and says why.
 */
export async function planWithCanonical(head: Head, request: PlanRequest, wish: CanonicalOptions): Promise<RunPlan> {
  const cold = await planHead(head, request)
  if (!isWanted(cold, wish)) return cold
  const found = await findCanonical(cold, wish.library)
  if (typeof found === 'string') return without(cold, found)
  const kind = request.quick ? 'quick' : 'cold'
  const plan = await planHead(head, { ...request, canonical: { kind, canonical: found } })
  if (plan.base.kind === 'base' && plan.base.ref.source === 'canonical') return plan
  const why = `with the environment of its app ${found.version} is no base for this head`
  // The checkouts are those of the plan that is not taken.
  return without(await planHead(head, request), why)
}

function isWanted({ settings, request, attached }: RunPlan, { use }: CanonicalOptions): boolean {
  if (use === 'no' || attached) return false
  return use === 'yes' || request.quick === true || settings.settings.upgrade.data === 'canonical'
}

/** The canonical, or why there is none for this plan. */
async function findCanonical(plan: RunPlan, library: CanonicalLibrary): Promise<Canonical | string> {
  const { base, repo, custom } = plan
  const { overlay } = custom.found
  if (plan.skips.has('upgrade')) return 'there is no upgrade to judge'
  if (base.kind !== 'base') return 'the version that the upgrade starts from is not known, or runs the same as head'
  const { version: named, commit } = base.ref
  const released = repo.versions.findLast((one) => one.commit === commit)
  if (!released) return `the upgrade starts from ${named}, which is no release`
  if (overlay) return `${overlay.shown} changes what is deployed, and a canonical is kept without one`
  const recipe = { recipe: repo.name, origin: repo.origin }
  const found = await library.find({ ...recipe, version: released.tag, commit })
  if (found.kind === 'usable') return found.canonical
  return refusalReason(found, released.tag, library.versions(recipe))
}

function refusalReason(
  found: Exclude<CanonicalLookup, { kind: 'usable' }>,
  version: string,
  others: readonly string[],
): string {
  if (found.kind === 'unusable') return `the canonical of ${version} is not used: ${found.why}`
  if (others.length === 0) return `no canonical of ${version} is kept, nor of any other version`
  return `no canonical of ${version} is kept, and ${version} is what operators have: not taken is that of ${others.slice(0, 3).join(', ')}`
}

function without(plan: RunPlan, why: string): RunPlan {
  const canonical: CanonicalUse = { kind: 'unused', why }
  const message = `no canonical is used: ${why}. The app begins with an empty installation`
  const considered = [...plan.base.considered, `canonical: ${why}`]
  return {
    ...plan,
    canonical,
    base: { ...plan.base, considered },
    findings: [
      // What is read beside the verdict says it too.
      ...plan.findings.map((one) =>
        one.code === 'quick-run' ? { ...one, message: `${one.message}; ${message}` } : one,
      ),
      finding('canonical-not-used', message),
    ],
  }
}

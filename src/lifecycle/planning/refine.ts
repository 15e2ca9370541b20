import { backupPlan } from '../../backup/labels.ts'
import type { Release } from '../../deploy/deployer.ts'
import { RecipeError } from '../../lib/errors.ts'
import { secretVariables } from '../../recipe/secrets/secrets.ts'
import type { ChainStep } from '../base/base-choice.ts'
import { type RunPlan, refuseOtherFiles } from '../plan.ts'
import { reattachReason } from '../stored-data/canonical.ts'
import { refuseOverlayImages } from './overlay.ts'
import { policyRefusals } from './policy.ts'
import { newAppRelease, type ReleaseSource, upgradedRelease, upgradeOf } from './release.ts'
import { withBounds } from './run-bounds.ts'
import { skipsOf } from './selection.ts'

/** What became known only while the run continued. */
export interface Refinement {
  readonly env?: Readonly<Record<string, string>>
  readonly upgradeEnv?: Readonly<Record<string, string>>
  /** Key under `secrets:` to its value. */
  readonly secrets?: Readonly<Record<string, string>>
  /** PEM of authorities that the app's containers must trust. */
  readonly authority?: readonly string[]
}

/** The same plan with its releases resolved again over a larger environment. Throws what resolving throws, and RecipeError `secret-missing`. */
export async function refine(plan: RunPlan, more: Refinement): Promise<RunPlan> {
  const { env = {}, upgradeEnv = {}, secrets = {}, authority } = more
  const bumped = bumpedVersions(plan.head, plan.base.kind === 'base' ? plan.base.release : plan.head, secrets)
  const { settings } = plan.settings
  const all = {
    ...settings,
    env: { ...settings.env, ...env, ...bumped },
    upgrade: { ...settings.upgrade, env: { ...settings.upgrade.env, ...upgradeEnv } },
  }
  const given = (source: ReleaseSource): ReleaseSource => ({
    ...source,
    added: {
      ...source.added,
      secretValues: new Map([...source.added.secretValues, ...Object.entries(secrets)]),
      authority: authority ?? source.added.authority,
    },
  })
  const headSource = given(plan.headSource)
  refuseOtherFiles(headSource, all.env)
  const unbounded = await newAppRelease(headSource, all)
  const pristine = await newAppRelease({ ...headSource, overlay: null }, all)
  const { overlay } = plan.custom.found
  if (overlay) refuseOverlayImages(pristine.stack, unbounded.stack, overlay)
  const chosen =
    plan.base.kind === 'base'
      ? await (async (planned) => {
          const source = given(planned.source)
          const via: ChainStep[] = []
          for (const step of planned.via) {
            const theirs = given(step.source)
            via.push({ ...step, source: theirs, release: await upgradedRelease(theirs, planned.tree, all) })
          }
          return { ...planned, source, release: await newAppRelease(source, all), via }
        })(plan.base)
      : plan.base
  const { upgradeFaults, ...made } = await upgradeOf(headSource, chosen.kind === 'base' ? chosen.tree : null, all)
  const { head, base, upgrade, memory, processes } = withBounds({ head: unbounded, base: chosen, ...made }, plan, plan)
  const backup = backupPlan(head.stack)
  return {
    ...plan,
    settings: { ...plan.settings, settings: all },
    ...{ headSource, head, pristine, base, upgrade, upgradeFaults, backup, memory, processes },
    skips: skipsOf({
      ...{ ...plan, base, backup, admitted: plan.custom.admitted, attached: plan.attached !== null },
      ...{ quick: plan.request.quick === true, reattached: reattachReason(plan.canonical), resumed: plan.resumed },
    }),
    // Another environment may select other files and values: it is judged again.
    policy: policyRefusals({ head, base, upgrade, allowed: plan.allowed, most: all.policy.most }),
  }
}

/** A secret cannot be changed in place: an inserted one gets the next version, and its variable follows. */
function bumpedVersions(
  head: Release,
  base: Release,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.keys(secrets).flatMap((key) => {
      const release = [head, base].find(({ stack }) => stack.model.secrets[key]?.external)
      if (!release) throw unknownSecret(key, head)
      const name = release.stack.model.secrets[key]?.name ?? key
      const [, current = '1'] = /_v(\d+)$/.exec(name) ?? []
      return secretVariables(release.stack, key).map((variable) => [variable, `v${Number(current) + 1}`] as const)
    }),
  )
}

function unknownSecret(key: string, { stack }: Release): RecipeError {
  const known = Object.entries(stack.model.secrets).filter(([, { external }]) => external)
  return new RecipeError('secret-missing', `app-secret: the compose file has no external secret ${key}`, {
    hint: `It has: ${known.map(([name]) => name).join(', ') || 'none'}.`,
  })
}

import type { CustomFile, FunctionRef, RecipeCustomization, Spec } from '../config/customization.ts'
import { type TierId, tiersWith } from '../verdict/tiers.ts'

/** Code that was found and is not run. */
interface Refusal {
  /** As a person finds it: `cc-ci/install-steps.sh`, `cc-ci/cc-ci.config.ts: hooks.preBackup`. */
  readonly what: string
  /** Tiers that may lack it. */
  readonly tiers: readonly TierId[]
  /** Tests decide outcomes; other code prepares the app. */
  readonly isTest: boolean
}

/** The code of a run that may run, and what was refused. */
export interface ApprovedCode {
  /** By what the recipe repository's code may run; null when it has none or it is refused. */
  readonly approval: string | null
  readonly functions: ReadonlyMap<string, FunctionRef>
  readonly installSteps: CustomFile | null
  readonly specs: readonly Spec[]
  readonly refused: readonly Refusal[]
}

/** Splits what was found by whose it is: the operator's own code needs no approval, the recipe repository's does. */
export function allowApproved(found: RecipeCustomization, approval: string | null): ApprovedCode {
  const mayRun = ({ side }: { side: 'recipe' | 'operator' }) => side === 'operator' || approval !== null
  const functions = [...found.functions.values()]
  const { installSteps } = found
  const refused: Refusal[] = [
    ...functions.filter((ref) => !mayRun(ref)).map(ofFunction),
    ...(installSteps && !mayRun(installSteps)
      ? [{ what: installSteps.shown, tiers: tiersMissing('install-steps'), isTest: false }]
      : []),
    ...found.specs.filter((spec) => !mayRun(spec)).map(ofSpec),
  ]
  const all = [...functions, ...(installSteps ? [installSteps] : []), ...found.specs]
  return {
    approval: all.some(({ side }) => side === 'recipe') ? approval : null,
    functions: new Map([...found.functions].filter(([, ref]) => mayRun(ref))),
    installSteps: installSteps && mayRun(installSteps) ? installSteps : null,
    specs: found.specs.filter(mayRun),
    refused,
  }
}

function ofFunction({ name, where }: FunctionRef): Refusal {
  return { what: `${where.file}: ${name}`, tiers: tiersMissing(name), isTest: false }
}

function ofSpec({ shown, kind }: Spec): Refusal {
  return { what: shown, tiers: tiersWith(({ tests }) => tests.includes(kind)), isTest: true }
}

/** Tiers that may lack what this code would have done: every one that works on an app where the table of tiers does not know it. */
function tiersMissing(code: string): TierId[] {
  const known = tiersWith(({ missesWhenRefused }) => (missesWhenRefused as readonly string[]).includes(code))
  return known.length > 0 ? known : tiersWith(({ app }) => app !== 'none' && app !== 'last')
}

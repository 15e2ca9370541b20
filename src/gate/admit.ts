import type { CustomFile, Customized, FunctionRef, Spec } from '../config/customization.ts'
import type { TierId } from '../verdict/tiers.ts'

/** Code that was found and is not run. */
interface Refusal {
  /** As a person finds it: `cc-ci/install-steps.sh`, `cc-ci/cc-ci.config.ts: hooks.preBackup`. */
  readonly what: string
  /** Tiers that may lack it. */
  readonly tiers: readonly TierId[]
  /** A test judges; other code prepares. */
  readonly judges: boolean
}

/** The code of a run that may run, and what was refused. */
export interface Admitted {
  /** By what the recipe repository's code may run; null when it has none or it is refused. */
  readonly approval: string | null
  readonly functions: ReadonlyMap<string, FunctionRef>
  readonly installSteps: CustomFile | null
  readonly specs: readonly Spec[]
  readonly refused: readonly Refusal[]
}

/** Splits what was found by whose it is: the operator's own code needs no approval, the recipe repository's does. */
export function admit(found: Customized, approval: string | null): Admitted {
  const mayRun = ({ side }: { side: 'recipe' | 'operator' }) => side === 'operator' || approval !== null
  const functions = [...found.functions.values()]
  const { installSteps } = found
  const refused: Refusal[] = [
    ...functions.filter((ref) => !mayRun(ref)).map(ofFunction),
    ...(installSteps && !mayRun(installSteps)
      ? [{ what: installSteps.shown, tiers: AFTER_INSTALL, judges: false }]
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

const AFTER_INSTALL: readonly TierId[] = [
  'install',
  'upgrade',
  'backup',
  'restore',
  'functional',
  'integration',
  'resilience',
]
const AFTER_UPGRADE: readonly TierId[] = AFTER_INSTALL.slice(1)

/** A setting that may be a function, and the tiers that may lack what it would have done. */
const TIERS_OF: Readonly<Record<string, readonly TierId[]>> = {
  env: AFTER_INSTALL,
  'upgrade.env': AFTER_UPGRADE,
  ready: ['install', 'upgrade', 'restore', 'resilience'],
  screenshot: ['install', 'upgrade'],
  'backup.verify': ['backup'],
  'hooks.preInstall': AFTER_INSTALL,
  'hooks.preUpgrade': AFTER_UPGRADE,
  'hooks.preBackup': ['backup', 'restore'],
  'hooks.preRestore': ['restore'],
}

function ofFunction({ name, where }: FunctionRef): Refusal {
  return { what: `${where.file}: ${name}`, tiers: TIERS_OF[name] ?? AFTER_INSTALL, judges: false }
}

function ofSpec({ shown, kind }: Spec): Refusal {
  return { what: shown, tiers: kind === 'custom' ? ['functional', 'integration'] : [kind, 'functional'], judges: true }
}

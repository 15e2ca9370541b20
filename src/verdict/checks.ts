import { type Blanks, fillTitle, type PlainId, type TitleRef } from '../lib/text/titles.ts'
import type { OperationKind } from './operations.ts'

/** Every check: its id, by which the program knows it, and its title, by which readers do. */
const CHECKS = {
  /** The tier came to its end; what keeps it from that by an error of its own fails this. */
  'tier-ran': '{subject} ran',

  'lint-clean': 'no error-level rule is broken',
  'lint-rule': '{subject}',

  'policy-allows': 'the compose policy allows it',
  'images-resolved': 'every image is resolved to an id',
  converged: 'every service converged',
  'task-answers': "the app's own task answers",
  'routes-lead': 'every route leads to somebody',
  'page-shown': 'a browser shows the app',
  'stayed-up': 'every service stayed up',

  'base-readable': 'the release before head is known and can be read',
  'base-differs': 'base and head differ',
  'env-suffices': 'head resolves with the env file of the base',
  'head-runs': 'head is what runs',
  'delta-runs': 'base and head differ in what runs',
  'still-there': 'what the base did is still there',
  'data-kept': 'data is still there',
  'step-taken': 'the app goes by way of {subject}, with its data',
  'backed-up-before': 'the version before was backed up before the upgrade',
  'base-runs-again': 'the version before is what runs again',

  'backup-hook': '{subject} succeeds',
  'snapshot-covers': 'the snapshot holds what the labels promise',
  'dumps-whole': 'dumps are whole',
  'bot-backed-up': 'backup-bot-two backs the app up',
  'backup-verified': 'backup.verify says yes',
  'files-restored': 'files came back',

  'deps-there': 'the dependencies are there',
  'install-steps': 'install-steps.sh succeeds',
  function: '{subject} succeeds',
  ready: 'ready: {subject}',
  'ready-function': 'ready() says yes',
  'specs-executed': '{subject}.spec.ts was executed',
  'custom-tests': 'the custom tests ran',

  'up-before': 'the app is up beforehand',
  'task-replaced': 'another task takes its place',
  'redeploy-idle': 'deploying the same commit again restarts nothing',

  'removal-ran': 'everything could be removed',
  removed: 'remove {subject}',
  'nothing-left': 'nothing is left',
} as const

/** After which act of cc-ci a check looked, where it looks more than once in a tier. */
const AFTER = {
  lose: 'its volumes were emptied',
  kill: '{service} was killed',
  redeploy: 'the same commit was deployed again',
  'engine-restart': 'the engine was restarted',
} as const satisfies Partial<Record<OperationKind, string>>

export type CheckId = keyof typeof CHECKS
export const CHECK_IDS = Object.keys(CHECKS) as [CheckId, ...CheckId[]]

type AfterKind = keyof typeof AFTER
export const AFTER_KINDS = Object.keys(AFTER) as [AfterKind, ...AfterKind[]]

/** An act of cc-ci that a check follows: `{ kind: 'kill', service: 'db' }`. */
export type After = TitleRef<typeof AFTER, 'kind'>

/** Those whose id alone says which check it is. */
export type PlainCheckId = PlainId<typeof CHECKS>

/** A check and what its title leaves open. */
export type CheckRef = PlainCheckId | (TitleRef<typeof CHECKS, 'id'> & { readonly after?: After })

/** What tells one check from every other in its tier. */
export interface CheckIdentity {
  readonly id: CheckId
  readonly subject?: string | undefined
  readonly after?: { readonly kind: AfterKind; readonly service?: string | undefined } | undefined
}

export function identityOf(ref: CheckRef): CheckIdentity {
  return typeof ref === 'string' ? { id: ref } : ref
}

/** The same check, made once more after an act of cc-ci. */
export function checkAfter(ref: CheckRef, after: After): CheckRef {
  const entry = (typeof ref === 'string' ? { id: ref } : ref) as Exclude<CheckRef, string>
  return { ...entry, after }
}

/** For a reader: `every service converged after app was killed`. */
export function checkTitle(ref: CheckRef | CheckIdentity): string {
  const { id, subject, after } = typeof ref === 'string' ? { id: ref } : (ref as CheckIdentity)
  const title = fillTitle(CHECKS[id], { subject })
  return after ? `${title} after ${afterTitle(after)}` : title
}

/** `app was killed`. */
export function afterTitle({ kind, ...blanks }: { readonly kind: AfterKind } & Blanks): string {
  return fillTitle(AFTER[kind], blanks)
}

/** Equal for the same check, whatever it is called. */
export function checkKey(ref: CheckRef | CheckIdentity): string {
  const { id, subject = '', after } = typeof ref === 'string' ? { id: ref } : (ref as CheckIdentity)
  return JSON.stringify([id, subject, after ? [after.kind, after.service ?? ''] : null])
}

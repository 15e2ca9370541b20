import { type Blanks, fillTitle, type PlainId, type TitleRef } from '../lib/text/titles.ts'

/** Every act of cc-ci that changes something: its kind, and what readers call it. */
const OPERATIONS = {
  dependency: 'bring up {subject}',
  'install-steps': '{subject}',
  function: 'call {subject}',
  deploy: 'deploy {subject}',
  upgrade: 'upgrade to {subject}',
  step: 'upgrade to {subject}, on the way to head',
  'backup-before': 'back up {subject}, before the upgrade',
  'roll-back': 'put {subject} back in place of head, on empty volumes',
  backup: 'back up',
  'backup-again': 'back up again ({subject})',
  'bot-backup': 'have backup-bot-two back up',
  destroy: 'destroy the witnesses',
  lose: 'lose the machine: empty {subject}',
  restore: 'restore snapshot {subject}',
  reattach: 'put the data of the canonical of {subject} in place',
  resume: 'put the app in place as it was after {subject}',
  checkpoint: 'keep the app as it is after {subject}',
  tests: 'run {subject}',
  kill: 'kill {service}',
  redeploy: 'deploy {subject} again',
  'engine-restart': 'restart the engine',
  'keep-canonical': 'keep the data as the canonical of {subject}',
  remove: 'remove everything',
  /** Of a run that only looks at the app of another one. */
  'remove-helpers': 'remove the sandbox, and leave the app',
} as const

export type OperationKind = keyof typeof OPERATIONS
export const OPERATION_KINDS = Object.keys(OPERATIONS) as [OperationKind, ...OperationKind[]]

/** An operation and what its title leaves open. */
export type OperationRef = PlainId<typeof OPERATIONS> | TitleRef<typeof OPERATIONS, 'kind'>

/** What an event says of an operation. `operation` is for a reader. */
export interface OperationFacts extends Blanks {
  readonly kind: OperationKind
  readonly operation: string
}

export function operationFacts(ref: OperationRef): OperationFacts {
  const { kind, ...blanks }: { kind: OperationKind } & Blanks = typeof ref === 'string' ? { kind: ref } : ref
  return { kind, ...blanks, operation: fillTitle(OPERATIONS[kind], blanks) }
}

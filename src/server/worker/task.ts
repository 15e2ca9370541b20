import type { Assignment } from '../contract/protocol.ts'
import type { RunOutcome } from '../contract/request.ts'
import { isApproved } from './approved.ts'
import { testCommand } from './command.ts'
import { provenTeardown } from './garbage.ts'
import { whyTask } from './why-task.ts'

export interface TaskParts {
  readonly held: Assignment
  /** What starts cc-ci: a program and its first arguments. */
  readonly ccCi: readonly string[]
  /** The worker's state folder, in which the run's folder is. */
  readonly state: string
  /** Of this attempt, removed after it. */
  readonly desk: string
}

/** What one kind of request is to a worker: which program does it, and what is to be done when that has ended, however it did. */
export interface Task {
  /** `checkout`: the folder of the clone. */
  argv(checkout: string): Promise<readonly string[]>
  /** What became of all that it had made on the engine; what is left of it is taken down first. */
  proven(): Promise<RunOutcome['teardown']>
  /** Puts into the run's folder what belongs there beside what the program wrote there itself. */
  gather(): Promise<void>
  /** Nobody goes on with it: what is kept of it elsewhere goes. */
  discard(): Promise<void>
}

export function taskOf(parts: TaskParts): Task {
  if (parts.held.request.why) return whyTask({ ...parts, why: parts.held.request.why })
  const { held, ccCi, state } = parts
  return {
    async argv(checkout) {
      const approved = await isApproved(held, checkout, held.request.commit)
      return testCommand(held, { ccCi, state, checkout, approved })
    },
    proven: () => provenTeardown({ state, ccCi }, held.folder),
    gather: async () => undefined,
    discard: async () => undefined,
  }
}

import { codeTree } from '../../gate/approved.ts'
import { UsageError } from '../../lib/errors.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { lostNode } from '../../verdict/lost-node.ts'
import type { Assignment } from '../contract/protocol.ts'
import type { RunOutcome } from '../contract/request.ts'
import { readResults } from '../runs/outcome.ts'
import { verifyTeardown } from './workspace.ts'

export interface TaskOptions {
  readonly assignment: Assignment
  /** What starts cc-ci: a program and its first arguments. */
  readonly ccCi: readonly string[]
  /** The worker's state folder, in which the run's folder is. */
  readonly state: string
  /** Folder for this attempt, removed after it. */
  readonly workspace: string
}

/** One kind of request: the program that does the work, and what to do once that program has ended, however it ended. */
export interface Task {
  /** `checkout`: the folder of the clone. */
  argv(checkout: string): Promise<readonly string[]>
  /** Whether everything that the program created on the engine is gone; leftovers are removed first. */
  verifyTeardown(): Promise<RunOutcome['teardown']>
  /** The node of a Swarm of several that was lost under the run; null: it ended otherwise. */
  lostNode(): Promise<string | null>
  /** Copies into the run's folder the files that the program wrote elsewhere. */
  collectFiles(): Promise<void>
  /** No other attempt will continue: removes what is stored outside the run's folder. */
  discard(): Promise<void>
}

/** A run of one commit: `cc-ci test`. */
export function testTask({ assignment, ccCi, state }: TaskOptions): Task {
  return {
    async argv(checkout) {
      const approved = await isApproved(assignment, checkout, assignment.request.commit)
      return testCommand(assignment, { ccCi, state, checkout, approved })
    },
    verifyTeardown: () => verifyTeardown({ state, ccCi }, assignment.folder),
    lostNode: () => lostNodeOf(runFolder(state, assignment.folder).results),
    collectFiles: async () => undefined,
    discard: async () => undefined,
  }
}

/** Results that cannot be read tell of no node. */
async function lostNodeOf(file: string): Promise<string | null> {
  try {
    return lostNode(await readResults(file))
  } catch (error) {
    if (error instanceof UsageError) return null
    throw error
  }
}

interface TestCommand {
  /** What starts cc-ci: a program and its first arguments. */
  readonly ccCi: readonly string[]
  readonly state: string
  /** Folder of the clone. */
  readonly checkout: string
  /** The code of the commit may run. */
  readonly approved: boolean
}

/** `cc-ci test` for an assignment. Of the values that strangers choose only the validated commit and base are arguments: never a branch or the name of a repository. */
function testCommand(assignment: Assignment, { ccCi, state, checkout, approved }: TestCommand): readonly string[] {
  const { request, folder, origin } = assignment
  const seconds = Math.max(1, Math.round(request.deadlineMs / 1000))
  return [
    ...[...ccCi, 'test', checkout, '--supervised', '--card', '--state', state, '--run-id', folder],
    ...['--origin', origin, '--ref', request.commit, `--base=${request.base}`, '--deadline', `${seconds}s`],
    ...(request.quick ? ['--quick'] : []),
    ...(approved ? ['--approve-code'] : []),
  ]
}

/**
 * Whether the code of a commit may run. The server sends the commits and the trees of code that the operator approved; the worker reads from its clone which tree the commit has, so
 * that no answer of a forge decides it. `checkout`: a clone that has the commit.
 */
export async function isApproved(
  { approvedCommits, approvedTrees }: Pick<Assignment, 'approvedCommits' | 'approvedTrees'>,
  checkout: string,
  commit: string,
): Promise<boolean> {
  if (approvedCommits.includes(commit)) return true
  if (approvedTrees.length === 0) return false
  const tree = await codeTree(checkout, commit)
  return tree !== null && approvedTrees.includes(tree)
}

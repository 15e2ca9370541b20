import { VARIABLES_OF_RUNS } from '../../lib/environment.ts'
import { inheritedEnv } from '../../lib/exec.ts'
import type { Assignment } from '../contract/protocol.ts'

export interface TestCommand {
  /** What starts cc-ci: a program and its first arguments. */
  readonly ccCi: readonly string[]
  readonly state: string
  /** Folder of the clone. */
  readonly checkout: string
  /** The code of the commit may run. */
  readonly approved: boolean
}

/** `cc-ci test` for an assignment. What strangers chose (the branch, the repository's name) is no part of it but for the checked commit and base. */
export function testCommand(held: Assignment, { ccCi, state, checkout, approved }: TestCommand): readonly string[] {
  const { request, folder, origin } = held
  const seconds = Math.max(1, Math.round(request.deadlineMs / 1000))
  return [
    ...[...ccCi, 'test', checkout, '--supervised', '--state', state, '--run-id', folder],
    ...['--origin', origin, '--ref', request.commit, `--base=${request.base}`, '--deadline', `${seconds}s`],
    ...(request.quick ? ['--quick'] : []),
    ...(approved ? ['--approve-code'] : []),
  ]
}

/** `memoryBytes`: what its request is given; the runs of an attribution, of whatever build, get it from there too. */
export function runEnv({ request }: Pick<Assignment, 'request'>): Record<string, string> {
  return { ...childEnv(), CC_CI_RUN_MEMORY: `${Math.max(1, Math.floor(request.memoryBytes / 1024))}K` }
}

/** Of the operator's variables those for runs: never a token of the server, nor the mark of a run around us. */
export function childEnv(): Record<string, string> {
  const { CC_CI_RUN: _, ...env } = inheritedEnv()
  for (const name of VARIABLES_OF_RUNS) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return { ...env, NO_COLOR: '1' }
}

import { InfraError } from '../lib/errors.ts'
import { type ExecResult, exec, inheritedEnv } from '../lib/exec.ts'

const DEADLINE_MS = 30_000

/** Options that keep a repository's own configuration and hooks from running programs, and git from asking questions. */
const SAFE = [
  'protocol.ext.allow=never',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.quotePath=false',
  'safe.directory=*',
  'submodule.recurse=false',
  'gc.auto=0',
]

export interface GitOptions {
  readonly deadlineMs?: number
  readonly env?: Readonly<Record<string, string>>
  /** Configuration `key=value` on top of the safe ones. */
  readonly config?: readonly string[]
  readonly input?: string
}

/** Runs git in `dir`, changing nothing behind the caller's back. A non-zero exit is a result. */
export function git(dir: string, args: readonly string[], options: GitOptions = {}): Promise<ExecResult> {
  const config = [...SAFE, ...(options.config ?? [])].flatMap((entry) => ['-c', entry])
  const env = {
    ...inheritedEnv(),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    ...options.env,
  }
  return exec('git', [...config, ...args], {
    cwd: dir,
    env,
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    input: options.input,
  })
}

/** Like `git`, but a non-zero exit is InfraError `git-failed` with git's last words. Returns what git printed. */
export async function gitOk(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const result = await git(dir, args, options)
  if (result.exitCode === 0) return result.stdout
  const ending = result.timedOut ? 'did not end in time' : `ended with ${result.exitCode}`
  const words = result.stderr.trim().split('\n').slice(-4).join('\n')
  throw new InfraError('git-failed', `git ${args[0]} ${ending} in ${dir}${words ? `: ${words}` : ''}`, {
    kind: 'upstream',
    hint: 'Check that the repository is whole: git fsck.',
  })
}

/**
 * Configuration that switches off every filter the repository's own configuration defines: a `clean` or `smudge` filter is a
 * program that `git status` and a checkout would run.
 */
export async function withoutFilters(dir: string): Promise<string[]> {
  const { stdout } = await git(dir, ['config', '--includes', '--name-only', '-z', '--get-regexp', '^filter\\.'])
  const names = new Set(stdout.split('\0').filter(Boolean))
  return [...names].map((name) => (name.endsWith('.required') ? `${name}=false` : `${name}=`))
}

import { InfraError, UsageError } from '../../lib/errors.ts'
import { type ExecResult, exec, inheritedEnv } from '../../lib/process/exec.ts'
import { isUrl } from './url.ts'

const DEADLINE_MS = 30_000

/**
 * Options that keep a repository's own configuration and hooks from running programs, and git from asking questions. Whose folder it may read is
 * for git to say (`safe.directory`): what is here closes what is known, the owner closes the rest.
 */
const SAFE = [
  'protocol.allow=never',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.quotePath=false',
  'log.showSignature=false',
  'safe.bareRepository=explicit',
  'submodule.recurse=false',
  'gc.auto=0',
  'maintenance.auto=false',
]

/** How a repository may be reached that is cloned or fetched from: none of these kinds of address names a program. */
export const TRANSPORTS = ['file', 'git', 'http', 'https', 'ssh'] as const

/**
 * What `clone`, `fetch` and `ls-remote` of this address need besides: what gives the objects of a folder of this machine reads the configuration
 * there, and must fetch nothing in its turn.
 */
export function uploadArgs(source: string): string[] {
  const here = !isUrl(source) || /^file:/i.test(source)
  return here ? ['--upload-pack=GIT_ALLOW_PROTOCOL=none git-upload-pack'] : []
}

export interface GitOptions {
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
  /** Configuration `key=value` on top of the safe ones. */
  readonly config?: readonly string[]
  readonly input?: string
  /** For `clone`, `fetch` and `ls-remote`, which are meant to ask elsewhere. Default: none, so that nothing asks behind the caller's back. */
  readonly protocols?: readonly (typeof TRANSPORTS)[number][]
}

/** Runs git in `dir`, changing nothing behind the caller's back. A non-zero exit is a result. */
export function git(dir: string, args: readonly string[], options: GitOptions = {}): Promise<ExecResult> {
  const { protocols = [] } = options
  const allowed = protocols.map((name) => `protocol.${name}.allow=always`)
  const config = [...SAFE, ...allowed, ...(options.config ?? [])].flatMap((entry) => ['-c', entry])
  const env = {
    ...inheritedEnv(),
    ...sudoUser(),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_EDITOR: 'false',
    GIT_PAGER: 'cat',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    // An object that a partial clone lacks would be fetched by whatever program the clone's configuration names.
    GIT_NO_LAZY_FETCH: '1',
    // Above every protocol.*.allow of the repository, and known to the programs that git starts.
    GIT_ALLOW_PROTOCOL: protocols.length > 0 ? protocols.join(':') : 'none',
    ...options.env,
  }
  return exec('git', [...config, ...args], {
    cwd: dir,
    env,
    timeoutMs: options.timeoutMs ?? DEADLINE_MS,
    input: options.input,
  })
}

/** By it git knows, under sudo, whose folders are the caller's own. */
function sudoUser(): Record<string, string> {
  const { SUDO_UID } = process.env
  return SUDO_UID === undefined ? {} : { SUDO_UID }
}

/** Like `git`, but a non-zero exit is InfraError `git-failed` with git's last words. Returns what git printed. */
export async function gitOk(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const result = await git(dir, args, options)
  if (result.exitCode === 0) return result.stdout
  const ending = result.timedOut ? 'did not end in time' : `ended with ${result.exitCode}`
  const words = result.stderr.trim().split('\n').slice(-4).join('\n')
  throw new InfraError('git-failed', `git ${args[0]} ${ending} in ${dir}${words ? `: ${words}` : ''}`, {
    kind: 'upstream',
    hint: 'Check that the repository is whole: git fsck. What a clone made with --filter lacks must be there: git fetch --refetch --no-filter.',
  })
}

/**
 * Configuration that switches off every filter the repository's own configuration defines: a `clean` or `smudge` filter is a
 * program that `git status` and a checkout would run. Throws UsageError `filter-refused` for one that cannot be switched off.
 */
export async function withoutFilters(dir: string): Promise<string[]> {
  const { stdout } = await git(dir, ['config', '--includes', '--name-only', '-z', '--get-regexp', '^filter\\.'])
  const names = new Set(stdout.split('\0').filter(Boolean))
  for (const name of names) {
    // On the command line of git the name would end there.
    if (name.includes('='))
      throw new UsageError('filter-refused', `the git configuration of ${dir} defines ${JSON.stringify(name)}`, {
        hint: 'cc-ci runs no filters, and cannot switch off one with "=" in its name: rename it, or remove it from the configuration.',
      })
  }
  return [...names].map((name) => (name.endsWith('.required') ? `${name}=false` : `${name}=`))
}

// cspell:ignore Filemode prlimit fsize fsck
import { InfraError } from '../../lib/errors.ts'
import { Masker } from '../../lib/masking/mask.ts'
import { type ExecResult, exec, inheritedEnv } from '../../lib/process/exec.ts'
import type { Forge } from '../contract/forge.ts'

const DEADLINE_MS = 120_000

/** What keeps git from asking, running hooks, following a redirect to another address, or unpacking what is broken. */
const SAFE = [
  'protocol.allow=never',
  'protocol.http.allow=always',
  'protocol.https.allow=always',
  'protocol.ext.allow=never',
  'http.followRedirects=false',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=30',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'fetch.fsckObjects=true',
  'fetch.fsck.badTimezone=ignore',
  'fetch.fsck.missingSpaceBeforeDate=ignore',
  'fetch.fsck.zeroPaddedFilemode=ignore',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'transfer.bundleURI=false',
]

export type Source = ReturnType<Forge['cloneSource']>

export interface MirrorGit {
  /** What git printed. Throws InfraError `git-failed`, with the credential masked. */
  ok(args: readonly string[], input?: string): Promise<string>
  run(args: readonly string[], input?: string): Promise<ExecResult>
}

/** git in a bare mirror. The credential is in the environment of this process' child alone, and goes to the forge's address alone. */
export function mirrorGit(dir: string, source: Source, maxFileBytes: number, signal?: AbortSignal): MirrorGit {
  const config = SAFE.flatMap((entry) => ['-c', entry])
  const masker = new Masker()
  if (source.authorization) {
    masker.add(source.authorization)
    for (const part of source.authorization.split(' ')) masker.add(part)
  }
  const env = {
    ...inheritedEnv(),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    // Named, not found: no other folder is ever taken for the mirror, and nobody needs to be asked whose it is.
    GIT_DIR: dir,
    ...(source.authorization === null
      ? {}
      : {
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: `http.${source.url}.extraHeader`,
          GIT_CONFIG_VALUE_0: `Authorization: ${source.authorization}`,
        }),
  }
  const run = (args: readonly string[], input?: string) =>
    exec('prlimit', [`--fsize=${maxFileBytes}`, '--', 'git', ...config, ...args], {
      cwd: dir,
      env,
      timeoutMs: DEADLINE_MS,
      graceMs: 2_000,
      input,
      signal,
    })
  return {
    run,
    async ok(args, input) {
      const result = await run(args, input)
      if (result.exitCode === 0) return result.stdout
      const ending = result.timedOut ? 'did not end in time' : `ended with ${result.exitCode}`
      const words = result.stderr.trim().split('\n').slice(-4).join('\n').slice(0, 1000)
      const message = masker.mask(`git ${args[0]} ${ending}${words ? `: ${words}` : ''}`)
      throw new InfraError('git-failed', message, { kind: 'upstream' })
    },
  }
}

import { type ExecResult, exec, execOk, inheritedEnv } from '../lib/process/exec.ts'
import { engineHost } from './endpoint.ts'

export interface DockerCliOptions {
  /** Default two minutes: only against a hang. */
  readonly timeoutMs?: number
  readonly onLine?: (line: string) => void
}

/**
 * The docker CLI, for the few things it does better than the API (build, import, cp). A non-zero exit is InfraError
 * `program-failed`; a missing CLI is `program-missing`. Builds use the classic builder: buildx is not everywhere.
 */
export function docker(args: readonly string[], options: DockerCliOptions = {}): Promise<ExecResult> {
  return execOk('docker', args, cliOptions(options))
}

/** Like `docker`, but a non-zero exit is a result to look at. */
export function tryDocker(args: readonly string[], options: DockerCliOptions = {}): Promise<ExecResult> {
  return exec('docker', args, cliOptions(options))
}

function cliOptions({ timeoutMs = 120_000, onLine }: DockerCliOptions) {
  return {
    timeoutMs,
    env: { ...inheritedEnv(), DOCKER_HOST: engineHost(), DOCKER_BUILDKIT: '0' },
    ...(onLine ? { onLine } : {}),
  }
}

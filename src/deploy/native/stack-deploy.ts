import { engineHost } from '../../engine/endpoint.ts'
import { InfraError } from '../../lib/errors.ts'
import { exec, inheritedEnv } from '../../lib/process/exec.ts'
import type { ComposeModel } from '../../recipe/model.ts'
import { composeText } from '../../recipe/stack/compose-text.ts'
import { cause } from '../../verdict/causes.ts'
import { DeployFailure } from '../deploy-failure.ts'
import { refusalCode } from '../refusal.ts'

const DEADLINE_MS = 120_000

export interface StackDeployOptions {
  readonly stack: string
  readonly model: ComposeModel
  /** Where relative file paths of the model begin. */
  readonly dir: string
  readonly signal: AbortSignal
  readonly mask: (text: string) => string
  readonly log?: (line: string) => void
}

/**
 * `docker stack deploy` of one resolved document from standard input; returns when the engine has the services, before anything
 * runs. Throws DeployFailure with the words of the one who refused: the code of `refusalCode` where the engine did, `compose-invalid` where the
 * CLI did. An older CLI than the document needs is InfraError `program-failed`.
 */
export async function stackDeploy({ stack, model, dir, signal, mask, log }: StackDeployOptions): Promise<void> {
  const env = { ...inheritedEnv(), DOCKER_HOST: engineHost() }
  const args = ['stack', 'deploy', '--resolve-image', 'never', '--compose-file', '-', stack]
  const input = composeText(model)
  const { exitCode, stderr, stdout, timedOut } = await exec('docker', args, {
    timeoutMs: DEADLINE_MS,
    cwd: dir,
    env,
    input,
    signal,
    ...(log ? { onLine: log } : {}),
  })
  if (exitCode === 0) return
  if (timedOut) throw new InfraError('engine-lost', `docker stack deploy did not end within ${DEADLINE_MS} ms`)
  const said = mask((stderr.trim() || stdout.trim()).slice(-4000))
  if (exitCode === null) throw new InfraError('program-failed', `docker stack deploy was killed: ${said}`)
  // The version is what we wrote, not what the recipe says.
  if (/unsupported Compose file version/i.test(said))
    throw new InfraError('program-failed', `the docker CLI of this machine is too old for this stack: ${said}`, {
      hint: 'Install a docker CLI of version 27.0 or newer.',
    })
  const last = said.split('\n').at(-1) ?? ''
  // What the CLI says by itself, before it asks the engine, is about the compose file.
  const code = refusalCode(said) ?? 'compose-invalid'
  throw new DeployFailure(cause(code, `the stack was refused: ${last}`, { lines: said.split('\n').slice(-15) }))
}

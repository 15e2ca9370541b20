import { engineHost } from '../../engine/connect.ts'
import { InfraError } from '../../lib/errors.ts'
import { exec, inheritedEnv } from '../../lib/exec.ts'
import { composeText } from '../../recipe/compose-text.ts'
import type { ComposeModel } from '../../recipe/model.ts'
import { type CauseCode, cause } from '../../verdict/causes.ts'
import { DeployFailure } from '../deploy-failure.ts'

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
 * runs. Throws DeployFailure with the CLI's words: `config-version-not-bumped` for a changed config under an old name,
 * `compose-invalid` for what it refuses, and InfraError `program-failed` for the rest.
 */
export async function stackDeploy({ stack, model, dir, signal, mask, log }: StackDeployOptions): Promise<void> {
  const env = { ...inheritedEnv(), DOCKER_HOST: engineHost() }
  const args = ['stack', 'deploy', '--resolve-image', 'never', '--compose-file', '-', stack]
  const input = composeText(model)
  const { exitCode, stderr, stdout, timedOut } = await exec('docker', args, {
    deadlineMs: DEADLINE_MS,
    cwd: dir,
    env,
    input,
    signal,
    ...(log ? { onLine: log } : {}),
  })
  if (exitCode === 0) return
  if (timedOut) throw new InfraError('engine-lost', `docker stack deploy did not end within ${DEADLINE_MS} ms`)
  const said = mask((stderr.trim() || stdout.trim()).slice(-4000))
  const code = codeOf(said)
  const last = said.split('\n').at(-1) ?? ''
  if (code === null) throw new InfraError('program-failed', `docker stack deploy ended with ${exitCode}: ${said}`)
  throw new DeployFailure(cause(code, `the engine refused the stack: ${last}`, { lines: said.split('\n').slice(-15) }))
}

/** The CLI has no codes: its words are all there is. */
const SIGNS: readonly { readonly sign: RegExp; readonly code: CauseCode }[] = [
  { sign: /only updates to Labels are allowed/i, code: 'config-version-not-bumped' },
  { sign: /secret not found|external secret .* not found|could not find secret/i, code: 'secret-missing' },
  { sign: /Pool overlaps|non-overlapping|address pool/i, code: 'address-pool-exhausted' },
  { sign: /port .*already in use|is already in use by service/i, code: 'port-in-use' },
  { sign: /no space left/i, code: 'disk-full' },
  { sign: /Cannot connect to the Docker daemon|connection refused/i, code: 'engine-lost' },
  {
    sign: /is declared as external|Additional property|must be|invalid|unsupported|undefined|no such file|not supported/i,
    code: 'compose-invalid',
  },
]

function codeOf(said: string): CauseCode | null {
  return SIGNS.find(({ sign }) => sign.test(said))?.code ?? null
}

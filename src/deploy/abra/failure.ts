import { InfraError } from '../../lib/errors.ts'
import { describeExit } from '../../lib/process/exec.ts'
import { cause } from '../../verdict/causes.ts'
import { DeployFailure } from '../deploy-failure.ts'
import { refusalCode } from '../refusal.ts'
import type { AbraOutcome } from './output.ts'
import { ABRA } from './versions.ts'

const LINES = 15

/**
 * What a command that failed amounts to: a message of the table, else the engine's own words, which abra passes on, else `deployer-failed`, because nobody
 * knows whose fault it is. `what`: `abra app deploy`.
 */
export function abraFailure(
  what: string,
  outcome: AbraOutcome,
  { mask, timeoutMs }: { readonly mask: (text: string) => string; readonly timeoutMs: number },
): DeployFailure | InfraError {
  const { exitCode, fatal, timedOut } = outcome
  const lines = outcome.lines.slice(-LINES).map(mask)
  const ending = describeExit({ exitCode, timedOut }, timeoutMs)
  const said = mask(fatal ?? lines.at(-1) ?? 'nothing')
  const message = fatal === null || exitCode !== 0 ? `${what} ${ending}: ${said}` : `${what}: ${said}`
  if (timedOut || exitCode === null) return unknown(message)
  const known = ABRA.messages.find(({ sign }) => sign.test(fatal ?? ''))
  if (known && known.code !== 'deployer-failed') {
    const { code, blame, hint } = known
    return new DeployFailure(cause(code, message, { blame, lines, ...(hint ? { hint } : {}) }))
  }
  if (known) return unknown(message, known.hint)
  const code = refusalCode(fatal ?? lines.join('\n'))
  if (code === null) return unknown(message)
  return code === 'engine-lost'
    ? new InfraError('engine-lost', message)
    : new DeployFailure(cause(code, message, { lines }))
}

/** A cause of the same code is made of it. */
function unknown(message: string, hint?: string): InfraError {
  return new InfraError('deployer-failed', message, hint === undefined ? {} : { hint })
}

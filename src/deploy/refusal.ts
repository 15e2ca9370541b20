import { EngineRefusal } from '../engine/connection.ts'
import { type Cause, type CauseCode, cause } from '../verdict/causes.ts'
import { DeployFailure } from './deploy-failure.ts'

interface Sign {
  readonly sign: RegExp
  readonly code: CauseCode
}

/** What the engine says of what a recipe asks for, in its own words: neither the docker CLI nor a gRPC answer has more than these. */
const SIGNS: readonly Sign[] = [
  {
    sign: /cannot connect to the docker daemon|error during connect|connection re(?:fused|set)|broken pipe|i\/o timeout|unexpected EOF/i,
    code: 'engine-lost',
  },
  {
    sign: /does not have a leader|not a swarm manager|code = (?:Unavailable|DeadlineExceeded|Canceled|Aborted)|context deadline exceeded/i,
    code: 'engine-lost',
  },
  { sign: /only updates to Labels are allowed/i, code: 'config-version-not-bumped' },
  { sign: /secret not found|external secret .* not found|could not find secret/i, code: 'secret-missing' },
  { sign: /pool overlaps|non-overlapping|address pool/i, code: 'address-pool-exhausted' },
  { sign: /port .*already in use|is already in use by service/i, code: 'port-in-use' },
  { sign: /no space left/i, code: 'disk-full' },
  { sign: /invalid reference format|invalid image reference/i, code: 'compose-invalid' },
  { sign: /error response from daemon|rpc error/i, code: 'engine-refused' },
]

/** The cause of a refusal of something that the recipe describes; null for words that name none. */
export function refusalCode(said: string): CauseCode | null {
  return SIGNS.find(({ sign }) => sign.test(said))?.code ?? null
}

/**
 * Has the engine do something with what the recipe describes. Its refusal is the recipe's: DeployFailure with the engine's words. What it may
 * do at another time (5xx) stays an EngineRefusal.
 */
export async function blameRecipe<T>(what: string, act: () => Promise<T>, service?: string): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof EngineRefusal) || error.retryable) throw error
    throw new DeployFailure(refused(what, error, service), error)
  }
}

function refused(what: string, error: EngineRefusal, service: string | undefined): Cause {
  const code = refusalCode(error.message) ?? 'engine-refused'
  return cause(code, `the engine refuses ${what}: ${error.words}`, { ...(service ? { service } : {}) })
}

import { decisiveLines } from '../../engine/convergence/decisive-lines.ts'
import { type CauseCode, cause } from '../../verdict/causes.ts'
import { type RunContext, TierStop } from '../context.ts'

/** Nothing comes after it: what these codes say of a first start is true of a server in other words. */
const STAYS_DOWN: readonly CauseCode[] = ['one-shot-failed', 'service-stranded']
const HTTP_HINT =
  'It served before: an app must connect again by itself to what it depends on, or end, so that the engine starts it anew.'

/** What the harness did to the running app. */
interface Deed {
  /** `db was killed`. */
  readonly what: string
  readonly lines: readonly string[]
  /** The service it was done to. */
  readonly service?: string
}

/** The same fault as after a deployment, but a deed of ours brought it about: the app had converged and served before. */
export async function blamedOn(
  { host, masker, watch }: RunContext,
  { what, lines, service }: Deed,
  stop: TierStop,
): Promise<TierStop> {
  const { check, outcome, why } = stop
  const code = STAYS_DOWN.includes(why.code) ? 'not-recovered' : why.code
  const http = code.startsWith('http-')
  const subject = http ? 'app' : why.lines.length === 0 ? (why.service ?? service) : undefined
  const seen = subject === undefined ? [] : await decisiveLines(host.engine, await watch.look(), subject, [])
  const found = cause(code, `after ${what}: ${why.message}`, {
    blame: why.blame,
    service: why.service,
    lines: [...lines, ...why.lines, ...seen.map((line) => masker.mask(line))],
    ...(http ? { hint: HTTP_HINT } : code === why.code ? { hint: why.hint } : {}),
  })
  return new TierStop(`${check} after ${what}`, found, outcome, { cause: stop })
}

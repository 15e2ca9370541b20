import { decisiveLines } from '../../engine/convergence/decisive-lines.ts'
import { type CauseCode, cause } from '../../verdict/causes.ts'
import { type After, afterTitle, checkAfter } from '../../verdict/checks.ts'
import { type RunContext, TierStop } from '../context.ts'

/** Nothing comes after it: what these codes say of a first start is true of a server in other words. */
const STAYS_DOWN: readonly CauseCode[] = ['one-shot-failed', 'service-stranded']
/** What the app is asked in vain over HTTP. */
const HTTP: readonly CauseCode[] = ['http-not-serving', 'http-wrong-status']
const HTTP_HINT =
  'It served before: an app must connect again by itself to what it depends on, or end, so that the engine starts it again.'

/** What the harness did to the running app. */
interface Disruption {
  readonly act: After
  readonly lines: readonly string[]
}

/** The same fault as after a deployment, but a deed of ours brought it about: the app had converged and served before. */
export async function attributeFailure(
  { host, masker, watch }: RunContext,
  { act, lines }: Disruption,
  stop: TierStop,
): Promise<TierStop> {
  const { check, outcome, why } = stop
  const code = STAYS_DOWN.includes(why.code) ? 'not-recovered' : why.code
  const http = HTTP.includes(code)
  const subject = http ? 'app' : why.lines.length === 0 ? (why.service ?? act.service) : undefined
  const seen = subject === undefined ? [] : await decisiveLines(host.engine, await watch.look(), subject, [])
  const found = cause(code, `after ${afterTitle(act)}: ${why.message}`, {
    blame: why.blame,
    service: why.service,
    lines: [...lines, ...why.lines, ...seen.map((line) => masker.mask(line))],
    ...(http ? { hint: HTTP_HINT } : code === why.code ? { hint: why.hint } : {}),
  })
  return new TierStop(checkAfter(check, act), found, outcome, { cause: stop })
}

import type { Finding } from '../verdict/events.ts'
import { FINDINGS, type FindingCode, finding } from '../verdict/findings.ts'
import { isOwnAddress } from './open-page.ts'
import type { FailedRequest, PageLog } from './page-log.ts'
import type { PageSign } from './page-signs.ts'
import type { PageTrail } from './page-trail.ts'

/** What a page is worth telling about, though it is no reason to call it broken. Without `where`: the tier adds it. */
export interface PageObservation {
  /** The address that was opened. */
  readonly url: string
  readonly log: PageLog
  readonly trail: PageTrail
  readonly sign: PageSign | null
}

const MOST_SHOWN = 5

/** Findings of one page, each with the addresses that show it. */
export function pageFindings({ url, log, trail, sign }: PageObservation): Finding[] {
  const status = trail.last?.status ?? 0
  const missing = log.failures.filter((failure) => isNeeded(failure, url))
  const mixed = [...log.insecure.values()].map(
    ({ url, type, blocked }) => `${url} (${type.toLowerCase()}${blocked ? ', blocked' : ''})`,
  )
  return [
    ...findingsFor('page-status', status < 400 ? [] : [`${status}${sign ? `, ${sign.means}` : ''}`]),
    ...(status < 400 && sign?.weight === 'finding' ? [ofSign(sign)] : []),
    ...findingsFor(
      'page-incomplete',
      missing.map(({ line }) => line),
    ),
    ...findingsFor('page-script-error', log.uncaught),
    ...findingsFor('mixed-content', mixed),
    ...insecureRedirect(trail, url),
    ...findingsFor('foreign-requests', [
      ...new Set(log.failures.flatMap((failure) => foreignHost(failure, url) ?? [])),
    ]),
  ]
}

function insecureRedirect({ stops }: PageTrail, app: string): Finding[] {
  const plain = stops.filter(({ url }) => url.startsWith('http://') && isOwnAddress(url, app))
  return findingsFor(
    'insecure-redirect',
    plain.map(({ url }) => url),
  )
}

/** A way that ends outside of the app: at another host, often a login, sometimes a domain that nobody set; or at a dialog. */
export function elsewhereFindings({ url, trail, to }: { url: string; trail: PageTrail; to: string | null }): Finding[] {
  const end = to === null ? findingsFor('login-dialog', [url]) : leavesDomain(to)
  return [...end, ...insecureRedirect(trail, url)]
}

function leavesDomain(to: string): Finding[] {
  const host = URL.canParse(to) ? new URL(to).hostname : to
  if (!/(?:^|\.)example(?:\.(?:com|org|net))?$/.test(host)) return findingsFor('leaves-domain', [to])
  const message = `the app sends the browser to ${host}, the name of an example: is its domain set from DOMAIN?`
  return [finding('leaves-domain', message, { severity: 'warning' })]
}

function ofSign({ id, means, todo }: PageSign): Finding {
  return { code: id, severity: 'warning', message: `the page is ${means}. ${todo}` }
}

function findingsFor(code: FindingCode, examples: readonly string[]): Finding[] {
  if (examples.length === 0) return []
  const more = examples.length > MOST_SHOWN ? `, and ${examples.length - MOST_SHOWN} more` : ''
  return [finding(code, `${FINDINGS[code].what}: ${examples.slice(0, MOST_SHOWN).join(', ')}${more}`)]
}

/** Code of the app that did not come; a request that the page itself gave up is none. */
export function isNeeded({ url, type, line }: FailedRequest, app: string): boolean {
  return ['script', 'stylesheet'].includes(type) && isOwnAddress(url, app) && !/ERR_ABORTED|: mixed-content$/.test(line)
}

function foreignHost({ url, type }: FailedRequest, app: string): string | null {
  return type !== 'document' && /^(?:https?|wss?):/.test(url) && !isOwnAddress(url, app) ? new URL(url).host : null
}

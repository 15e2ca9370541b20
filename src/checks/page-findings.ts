import type { Finding } from '../verdict/events.ts'
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

/** The findings by their code; the addresses that show them follow. */
export const PAGE_FINDINGS = {
  'page-status': {
    severity: 'warning',
    what: 'the app answers a browser with a status of 4xx (if people open another page, set `screenshot.path`)',
  },
  'page-incomplete': { severity: 'warning', what: 'scripts or styles of the app do not load' },
  'page-script-error': {
    severity: 'warning',
    what: 'a script of the page ends with an error that nothing caught',
  },
  'mixed-content': {
    severity: 'warning',
    what: 'the page is served by https and asks for http, which browsers block or change to https',
  },
  'insecure-redirect': {
    severity: 'warning',
    what: 'the app sends the browser from https to http of its own domain: it does not know that it is behind a proxy with TLS (X-Forwarded-Proto)',
  },
  'leaves-domain': {
    severity: 'info',
    what: 'the app sends the browser to another host, which a run cannot reach',
  },
  'login-dialog': {
    severity: 'info',
    what: "the app asks for a name and a password in the browser's own dialog, and what is behind it was not looked at",
  },
  'foreign-requests': { severity: 'info', what: 'the page asks other hosts, which a run cannot reach' },
} as const satisfies Record<string, Pick<Finding, 'severity'> & { readonly what: string }>

type Code = keyof typeof PAGE_FINDINGS

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
  return [{ code: 'leaves-domain', severity: 'warning', message }]
}

function ofSign({ id, means, todo }: PageSign): Finding {
  return { code: id, severity: 'warning', message: `the page is ${means}. ${todo}` }
}

function findingsFor(code: Code, examples: readonly string[]): Finding[] {
  if (examples.length === 0) return []
  const { severity, what } = PAGE_FINDINGS[code]
  const more = examples.length > MOST_SHOWN ? `, and ${examples.length - MOST_SHOWN} more` : ''
  return [{ code, severity, message: `${what}: ${examples.slice(0, MOST_SHOWN).join(', ')}${more}` }]
}

/** Code of the app that did not come; a request that the page itself gave up is none. */
export function isNeeded({ url, type, line }: FailedRequest, app: string): boolean {
  return ['script', 'stylesheet'].includes(type) && isOwnAddress(url, app) && !/ERR_ABORTED|: mixed-content$/.test(line)
}

function foreignHost({ url, type }: FailedRequest, app: string): string | null {
  return type !== 'document' && /^(?:https?|wss?):/.test(url) && !isOwnAddress(url, app) ? new URL(url).host : null
}

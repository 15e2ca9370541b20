import { formatSize } from '../../../lib/text/size.ts'
import { html } from '../../../report/html/markup.ts'
import type { ForgePageUrls } from '../../contract/forge.ts'
import type { WebhookState } from '../../contract/services.ts'
import type { Enrollment } from '../../enrollments/enrollment.ts'
import { driftText, type MirrorState, stateOfMirror } from '../../mirrors/last-seen.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Html, hidden, moment, momentUtc, type Page } from './layout.ts'

/** What to enter in the forge by hand where the token may not make a webhook. */
export interface Paste {
  readonly page: string
  readonly url: string
  readonly events: readonly string[]
  readonly secret: string
}

export interface RepositoriesPageData {
  readonly viewer: Viewer
  readonly enrollments: readonly Enrollment[]
  readonly mirrors: ReadonlyMap<string, MirrorState>
  /** What the forge has of our webhooks now, by name; empty for who is no operator. */
  readonly webhooks: ReadonlyMap<string, WebhookState>
  readonly forgePages: Pick<ForgePageUrls, 'webhooks' | 'newWebhook'>
  readonly message: string | null
  readonly paste: Paste | null
  /** How much code waits for an approval. */
  readonly waitingCode: number
}

/** What is listened to; an operator may add and remove. */
export function repositoriesPage(data: RepositoriesPageData): Page {
  const { viewer, enrollments, mirrors, message, paste, waitingCode } = data
  const may = viewer.operator !== null
  return framed({
    title: 'Repositories',
    viewer,
    here: '/repositories',
    body: [
      message === null ? html`` : html`<p class="card" role="status">${message}</p>`,
      paste === null ? html`` : pasted(paste),
      enrollments.length === 0
        ? html`<p class="dim">Nothing is enrolled.</p>`
        : html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">name</th><th scope="col">comments come by</th><th scope="col">details</th><th scope="col">enrolled (UTC)</th><th scope="col"></th></tr></thead><tbody>${enrollments.map((one) => line(one, stateOfMirror(one, mirrors), data))}</tbody></table></div>`,
      may
        ? html`<p><a href="/approvals">Approved code</a>${waitingCode === 0 ? '' : html` <span class="badge s-unverified">! ${waitingCode} ${waitingCode === 1 ? 'waits' : 'wait'}</span>`}</p><h2>Enrol</h2><form method="post" action="/repositories">${hidden(viewer.csrf)}<label>Repository or organisation <input name="name" required placeholder="ORG/REPO or ORG"></label><label>May ask besides members <input name="allow" placeholder="login, login"></label><button>Enrol</button></form>`
        : html``,
    ],
  })
}

function line(enrollment: Enrollment, seen: MirrorState | null, data: RepositoriesPageData): Html {
  const { csrf, operator } = data.viewer
  const { name, at, by } = enrollment
  const remove = html`<form class="inline" method="post" action="/repositories/remove">${hidden(csrf)}<input type="hidden" name="name" value="${name}"><button>Remove</button></form>`
  return html`<tr><th scope="row">${name.includes('/') ? html`<a href="/recipes/${name}">${name}</a>` : html`${name} <span class="dim">(all of it)</span>`}</th><td>${comesBy(enrollment, data)}</td><td>${more(enrollment)}${mirror(enrollment, seen)}</td><td>${moment(at)}<br>by ${by}</td><td>${operator === null ? '' : remove}</td></tr>`
}

/** How its comments arrive, and what to do where the webhook is not as it must be: polling finds them meanwhile. */
function comesBy({ name, webhook }: Enrollment, { webhooks, forgePages }: RepositoriesPageData): Html {
  if (webhook === null) return html`polling alone <span class="dim">(no webhook of ours)</span>`
  const state = webhooks.get(name)
  const page = (text: string) => html`<a href="${forgePages.webhooks(name)}">${text}</a>`
  const todo = (look: string, words: string, what: Html) =>
    html`<span class="badge s-${look}">${words}</span><br><span class="dim">Comments are found by polling meanwhile. </span>${what}`
  switch (state?.kind) {
    case undefined:
      return html`webhook, polling`
    case 'active':
      return html`<span class="badge s-pass">✓ webhook is active</span> ${page('deliveries')}`
    case 'missing':
      return todo(
        'fail',
        '✗ webhook is gone',
        html`Remove it here and enrol it again: that makes a new one. Or ${html`<a href="${forgePages.newWebhook(name)}">add it by hand</a>`}.`,
      )
    case 'inactive':
      return todo('unverified', '! webhook is switched off', html`${page('Switch it on')} at the forge.`)
    case 'events':
      return todo(
        'unverified',
        '! webhook does not send all',
        html`${page('Add these events')} at the forge: ${state.missing.join(', ')}.`,
      )
    case 'not-known':
      return html`webhook, polling<br><span class="badge s-skip">· state not known</span> <span class="dim">${state.why}; load the page again, or look ${page('at the forge')}</span>`
  }
}

function more({ allow, memoryBytes }: Enrollment): Html {
  const said = [
    ...(allow.length > 0 ? [`${allow.join(', ')} may ask too`] : []),
    ...(memoryBytes === null ? [] : [`${formatSize(memoryBytes)} a run`]),
  ]
  return said.length === 0 ? html`` : html`${said.join('; ')}<br>`
}

function mirror({ mirrorOf }: Enrollment, seen: MirrorState | null): Html {
  if (mirrorOf === null) return html``
  const text = seen && driftText(seen)
  if (text) return html`<span class="warn">⚠ ${text}</span> <span class="dim">(${momentUtc(seen.at)})</span>`
  return html`mirrors ${mirrorOf}<span class="dim">${seen ? ', the same as upstream' : ', not compared yet'}</span>`
}

function pasted({ page, url, events, secret }: Paste): Html {
  return html`<section class="card"><h3>The token may not make a webhook</h3><p>Until somebody does, comments are found by polling. Enter this at <a href="${page}">${page}</a>:</p><dl class="facts"><dt>Target URL</dt><dd><code>${url}</code></dd><dt>Method</dt><dd>POST, application/json</dd><dt>Secret</dt><dd>the value of <code>${secret}</code></dd><dt>Events</dt><dd>${events.join(', ')}</dd></dl></section>`
}

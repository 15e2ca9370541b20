import { formatAge } from '../../../lib/text/duration.ts'
import { html } from '../../../report/html/markup.ts'
import type { WaitingCode } from '../../memory/waiting-code.ts'
import type { Viewer } from '../authenticator.ts'
import type { Html } from './layout.ts'

/** Code that somebody has to read and approve, each with the page where its diff is. Nothing where nothing waits. */
export function waitingList(
  waiting: readonly WaitingCode[],
  { viewer, now, repositories }: { readonly viewer: Viewer; readonly now: number; readonly repositories: boolean },
): Html {
  if (waiting.length === 0) return html``
  const line = ({ repository, commit, pull, author, run, since, refused }: WaitingCode) => {
    const name = repositories ? html`<a href="/recipes/${repository}">${repository}</a>, ` : ''
    const place = `${pull === null ? 'own branch' : `pull request ${pull}`}${author === null ? '' : ` by ${author}`}`
    return html`<li><span class="badge s-unverified">! waits</span> ${name}${place}, commit <code>${commit.slice(0, 10)}</code> <span class="dim">(${formatAge(Math.max(0, now - Date.parse(since)))}; <a href="/runs/${run}">its run</a>)</span>: ${refused.join(', ')}.${
      viewer.operator === null ? '' : html` <a href="/runs/${run}/code">Read the diff and approve</a>`
    }</li>`
  }
  return html`<section class="card c-unverified" aria-label="Approvals that wait"><h3>Code that waits for an approval</h3><ul class="lines">${waiting.map(line)}</ul>${
    viewer.operator === null
      ? html`<p class="dim">It did not run. An operator reads it and approves it; <a href="/login">log in</a> if you are one.</p>`
      : html`<p class="dim">It did not run. Approving it runs the same commit again.</p>`
  }</section>`
}

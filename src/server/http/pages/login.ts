import { html } from '../../../report/html/markup.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Page } from './layout.ts'

/** `forge`: where login by the forge begins; null where that is not set up. */
export function loginPage(data: {
  readonly viewer: Viewer
  readonly problem: string | null
  readonly forge: string | null
}): Page {
  const { viewer, problem, forge } = data
  return framed({
    title: 'Log in',
    viewer,
    body: html`${problem === null ? '' : html`<p class="card loud" role="alert">${problem}</p>`}<form method="post" action="/login"><label>Operator token <input type="password" name="token" required autocomplete="current-password"></label><button>Log in</button></form>${forge === null ? '' : html`<p><a href="${forge}">Log in by the forge</a></p>`}<p class="dim">Reading needs no login; starting, cancelling and enrolling do.</p>`,
  })
}

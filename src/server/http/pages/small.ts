import { html } from 'hono/html'
import { formatSize } from '../../../lib/size.ts'
import type { WorkerRow } from '../../contract/store.ts'
import { framed, type Html, moment, type Viewer } from './frame.ts'

export function workersPage(viewer: Viewer, workers: readonly WorkerRow[]): Html {
  const size = (bytes: number | null) => (bytes === null ? '' : formatSize(bytes))
  return framed({
    title: 'Workers',
    viewer,
    body:
      workers.length === 0
        ? html`<p class="dim">No worker has come yet.</p>`
        : html`<div class="scroll"><table><thead><tr><th scope="col">name</th><th scope="col">seen</th><th scope="col">memory</th><th scope="col">free</th><th scope="col">harness</th></tr></thead><tbody>${workers.map(
            ({ name, seenAt, memoryBytes, freeBytes, harness, trouble }) =>
              html`<tr><th scope="row">${name}</th><td>${seenAt ? moment(seenAt) : 'never'}</td><td>${size(memoryBytes)}</td><td>${size(freeBytes)}</td><td>${harness ?? ''}${trouble === null ? '' : html` <strong>${trouble}</strong>`}</td></tr>`,
          )}</tbody></table></div>`,
  })
}

/** `forge`: where login by the forge begins; null where that is not set up. */
export function loginPage(data: {
  readonly viewer: Viewer
  readonly problem: string | null
  readonly forge: string | null
}): Html {
  const { viewer, problem, forge } = data
  return framed({
    title: 'Log in',
    viewer,
    body: html`${problem === null ? '' : html`<p class="card loud" role="alert">${problem}</p>`}<form method="post" action="/login"><label>Operator token <input type="password" name="token" required autocomplete="current-password"></label><button>Log in</button></form>${forge === null ? '' : html`<p><a href="${forge}">Log in by the forge</a></p>`}<p class="dim">Reading needs no login; starting, cancelling and enrolling do.</p>`,
  })
}

export function plainPage(viewer: Viewer, title: string, text: string): Html {
  return framed({ title, viewer, body: html`<p>${text}</p>` })
}

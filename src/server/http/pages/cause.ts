import { html, inlineCode } from '../../../report/html/markup.ts'
import { WHO_ACTS } from '../../../report/run/who-acts.ts'
import { CAUSES, type CauseCode } from '../../../verdict/causes.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Page } from './layout.ts'

/** What a cause means, as `cc-ci explain` says it. */
export function causePage(viewer: Viewer, code: CauseCode): Page {
  const { blame, retry, what, why, todo } = CAUSES[code]
  return framed({
    title: code,
    viewer,
    body: html`<dl class="answers"><dt>What happened</dt><dd>${inlineCode(what)}</dd><dt>Why we say so</dt><dd>${inlineCode(why)}</dd><dt>Whose move</dt><dd>${WHO_ACTS[blame]}</dd><dt>What to do</dt><dd>${inlineCode(todo)}</dd><dt>Judged again</dt><dd>${retry.deterministic ? 'no' : 'once, on a fresh stack'}. ${retry.because}</dd></dl>
<p class="dim">On a command line: <code>cc-ci explain ${code}</code></p>`,
  })
}

export function isCause(code: string): code is CauseCode {
  return Object.hasOwn(CAUSES, code)
}

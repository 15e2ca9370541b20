import { html } from '../../../report/html/markup.ts'
import type { ForgePageUrls } from '../../contract/forge.ts'
import type { CodeFile, CodeOfCommit, RepositoryApproval } from '../../contract/services.ts'
import type { WaitingCode } from '../../memory/waiting-code.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Html, hidden, moment, type Page } from './layout.ts'
import { waitingList } from './waiting-code.ts'

/** What may run of which repository, and what waits for somebody to read it; an operator takes an approval back here. */
export function approvalsPage(data: {
  readonly viewer: Viewer
  readonly approvals: readonly RepositoryApproval[]
  /** Code that nobody has decided about. */
  readonly waiting: readonly WaitingCode[]
  readonly forgePages: ForgePageUrls
  /** Epoch ms. */
  readonly now: number
}): Page {
  const { viewer, approvals, waiting, forgePages, now } = data
  const line = ({ repository, commit, tree, at }: RepositoryApproval) =>
    html`<tr><th scope="row">${repository}</th><td><a href="${forgePages.file(repository, commit, 'cc-ci')}"><code class="nowrap">${commit.slice(0, 10)}</code></a></td><td>${tree === null ? 'that commit alone' : 'every commit with the same cc-ci/'}</td><td>${moment(at)}</td><td><form class="inline" method="post" action="/approvals/revoke">${hidden(viewer.csrf)}<input type="hidden" name="repository" value="${repository}"><input type="hidden" name="commit" value="${commit}"><button>Revoke</button></form></td></tr>`
  return framed({
    title: 'Approved code',
    viewer,
    here: '/repositories',
    body: [
      html`<p class="dim">Code of a recipe repository (tests, hooks, install-steps.sh in <code>cc-ci/</code>) runs only where somebody has looked at it. Active runs are not stopped by taking an approval back.</p>`,
      waiting.length === 0
        ? html`<p class="dim">No code waits for an approval.</p>`
        : waitingList(waiting, { viewer, now, repositories: true }),
      approvals.length === 0
        ? html`<h2>Approved</h2><p class="dim">Nothing is approved.</p>`
        : html`<h2>Approved (${approvals.length})</h2><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">repository</th><th scope="col">as in</th><th scope="col">holds for</th><th scope="col">approved (UTC)</th><th scope="col"></th></tr></thead><tbody>${approvals.map(line)}</tbody></table></div>`,
    ],
  })
}

/** The code of a commit beside what was approved last: what a person has to look at before the click. */
export function codePage(data: {
  readonly viewer: Viewer
  readonly run: string
  readonly repository: string
  readonly commit: string
  readonly code: CodeOfCommit
  readonly forgePages: ForgePageUrls
}): Page {
  const { viewer, run, repository, commit, code, forgePages } = data
  const { files, against, approved } = code
  const linked = ({ path, change }: CodeFile) => {
    const sha = change === 'removed' ? (against?.commit ?? commit) : commit
    return html`<a href="${forgePages.file(repository, sha, `cc-ci/${path}`)}">The whole file at the forge</a>`
  }
  const rows = files.filter(({ change }) => change !== 'same')
  const same = files.length - rows.length
  const form = (action: string, text: string) =>
    html`<form class="inline" method="post" action="/runs/${run}/${action}">${hidden(viewer.csrf)}<button>${text}</button></form>`
  return framed({
    title: `Code of ${repository} at ${commit.slice(0, 10)}`,
    viewer,
    here: '/repositories',
    body: [
      html`<p><a href="/runs/${run}">The run</a></p>`,
      against === null
        ? html`<p>No code of this repository was approved before: look at all of it.</p>`
        : html`<p>Compared with <a href="${forgePages.file(repository, against.commit, 'cc-ci')}"><code>${against.commit.slice(0, 10)}</code></a>, approved on ${moment(against.at)}${same > 0 ? html`; ${same} file${same === 1 ? ' is' : 's are'} the same` : ''}. <a href="${forgePages.compare(repository, against.commit, commit)}">All that changed between the two</a>.</p>`,
      rows.length === 0
        ? html`<p class="dim">${files.length === 0 ? 'There is no code.' : 'Nothing changed.'}</p>`
        : html`${rows.map((file) => html`<details class="card" open><summary>cc-ci/${file.path} <span class="badge s-skip">${file.change}</span></summary><p>${linked(file)}</p>${patchMarkup(file)}</details>`)}`,
      approved
        ? html`<div class="card">This code is approved. ${form('rerun', 'Run again')}</div>`
        : html`<div class="card">${form('approve', 'Approve this code and run again')} It then runs in the sandbox, for every commit of this repository with the same <code class="nowrap">cc-ci/</code>.</div>`,
    ],
  })
}

/** Added and removed lines by sign and by colour. */
function patchMarkup({ patch }: CodeFile): Html {
  if (patch === null) return html`<p class="dim">Too large or no text: read it at the forge.</p>`
  return html`<pre class="diff" tabindex="0">${patch.map((line) => html`<span class="${LOOKS[line[0] ?? ' '] ?? 'same'}">${line}\n</span>`)}</pre>`
}

const LOOKS: Readonly<Record<string, string>> = { '+': 'add', '-': 'del', '@': 'at' }

import { html } from 'hono/html'
import { formatDuration } from '../../../lib/text/duration.ts'
import { formatSize } from '../../../lib/text/size.ts'
import type { QueuePlace, RunRow, WorkerRow } from '../../contract/store.ts'
import type { RunsDiskStatus } from '../../retention.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Html, momentUtc } from './layout.ts'
import { runTable } from './run-table.ts'
import { isHere } from './workers.ts'

export interface DashboardData {
  readonly viewer: Viewer
  readonly now: number
  readonly running: readonly RunRow[]
  readonly queued: readonly { readonly row: RunRow; readonly place: QueuePlace | null }[]
  readonly queueLength: number
  readonly ended: readonly RunRow[]
  readonly workers: readonly WorkerRow[]
  /** `maxBytes` null: no limit. */
  readonly runsDisk: RunsDiskStatus & { readonly maxBytes: number | null }
}

/** What continues now, what waits, what came out. */
export function dashboardPage(data: DashboardData): Html {
  const { viewer, now, running, queued, queueLength, ended, workers, runsDisk } = data
  const here = workers.filter((worker) => isHere(worker, now))
  const troubled = here.filter(({ unavailableReason }) => unavailableReason !== null)
  const waiting = html`<h2>Waiting (${queueLength})</h2>${
    queued.length === 0
      ? html`<p class="dim">Nothing waits.</p>`
      : html`<ol>${queued.map(({ row, place }) => html`<li><a href="/runs/${row.request.id}">${row.request.repository}${row.request.pull ? `#${row.request.pull.number}` : ''}</a> <span class="dim">${placed(place)}</span></li>`)}</ol>`
  }`
  return framed({
    title: 'Dashboard',
    viewer,
    refresh: running.length + queueLength > 0 ? 10 : null,
    body: [
      html`<p class="dim"><a href="/workers">${here.length} of ${workers.length} worker${workers.length === 1 ? '' : 's'}</a> here now.</p>`,
      html`${troubled.map(({ name, unavailableReason }) => html`<p class="warn">⚠ ${name}: ${unavailableReason}</p>`)}`,
      diskLine(runsDisk),
      runTable(`Running (${running.length})`, running, now),
      waiting,
      runTable('Newest verdicts', ended, now),
    ],
  })
}

/** What the memory of this server takes of its disk. */
function diskLine({ disk, trouble, maxBytes }: DashboardData['runsDisk']): Html {
  const most = maxBytes === null ? '' : ` of ${formatSize(maxBytes)}`
  const text = disk
    ? html`${formatSize(disk.bytes)}${most} in the folders of ${disk.runs} run${disk.runs === 1 ? '' : 's'}, ${momentUtc(disk.at)}.`
    : 'What the run folders hold was not looked at yet.'
  const over = disk && maxBytes !== null && disk.bytes > maxBytes
  const why =
    'More than the limit: the rest is results, which stay, and runs that are left alone (cc-ci gc --runs --dry-run).'
  return html`<p class="dim">${text}</p>${over ? html`<p class="warn">⚠ ${why}</p>` : ''}${
    trouble === null ? '' : html`<p class="warn">⚠ Run folders: ${trouble}</p>`
  }`
}

export function placed(place: QueuePlace | null): string {
  if (!place) return ''
  const eta = place.etaMs === null ? '' : `, about ${formatDuration(place.etaMs)}`
  return place.ahead === 0 ? `next${eta}` : `behind ${place.ahead}${eta}`
}

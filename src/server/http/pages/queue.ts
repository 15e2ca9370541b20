import { formatAge, formatDuration } from '../../../lib/text/duration.ts'
import { formatSize } from '../../../lib/text/size.ts'
import { html } from '../../../report/html/markup.ts'
import type { QueuePlace, RunRow, WorkerRow } from '../../contract/store.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Html, hidden, type Page } from './layout.ts'
import { isHere } from './workers.ts'

export interface QueuePageData {
  readonly viewer: Viewer
  /** Epoch ms. */
  readonly now: number
  readonly running: readonly RunRow[]
  /** Next one first. */
  readonly queued: readonly { readonly row: RunRow; readonly place: QueuePlace | null }[]
  /** More wait than are shown. */
  readonly queueLength: number
  readonly workers: readonly WorkerRow[]
}

/** Who runs, who waits, for what and about how long; an operator may end either. */
export function queuePage(data: QueuePageData): Page {
  const { viewer, now, running, queued, queueLength, workers } = data
  const act = (row: RunRow) => (viewer.operator === null ? '' : cancel(row, viewer))
  return framed({
    title: 'Queue',
    viewer,
    here: '/queue',
    refresh: 10,
    body: [
      html`<h2>Running (${running.length})</h2>${
        running.length === 0
          ? html`<p class="dim">Nothing runs.</p>`
          : table(
              ['run', 'for', 'on', 'memory', ''],
              running.map((row) => [
                name(row),
                row.startedAt === null ? '' : formatDuration(Math.max(0, now - Date.parse(row.startedAt))),
                row.worker ?? '',
                formatSize(row.request.memoryBytes),
                act(row),
              ]),
            )
      }`,
      html`<h2>Waiting (${queueLength})</h2>${
        queued.length === 0
          ? html`<p class="dim">Nothing waits.</p>`
          : table(
              ['place', 'run', 'since', 'starts in about', 'waits for', ''],
              queued.map(({ row, place }, index) => [
                String(index + 1),
                name(row),
                `${formatAge(now - Date.parse(row.request.at))}`,
                place?.etaMs == null ? 'not known yet' : formatDuration(place.etaMs),
                waitsFor(row, { running, workers, now }),
                act(row),
              ]),
            )
      }${queueLength > queued.length ? html`<p class="dim">${queueLength - queued.length} more wait behind them.</p>` : ''}`,
    ],
  })
}

/** Why a queued run has not begun, by what is known of workers: what must change for it. */
function waitsFor(
  { request: { memoryBytes, repository, pull } }: RunRow,
  { running, workers, now }: Pick<QueuePageData, 'running' | 'workers' | 'now'>,
): string {
  const same =
    pull && running.some(({ request }) => request.repository === repository && request.pull?.number === pull.number)
  if (same) return 'the run of the same pull request'
  const here = workers.filter((worker) => isHere(worker, now) && worker.unavailableReason === null)
  if (here.length === 0) return 'a worker: none is here that takes runs'
  if (!here.some((worker) => (worker.memoryBytes ?? 0) >= memoryBytes))
    return `a worker with ${formatSize(memoryBytes)} for it: none has so much`
  const most = Math.max(...here.map((worker) => worker.freeBytes ?? 0))
  return most < memoryBytes ? `memory: ${formatSize(memoryBytes)} are needed, ${formatSize(most)} are free` : 'its turn'
}

function name({ request: { id, repository, pull, why } }: RunRow): Html {
  return html`<a href="/runs/${id}">${repository}${pull ? `#${pull.number}` : ''}</a>${why ? ' (why is it red?)' : ''}`
}

function table(heads: readonly string[], rows: readonly (readonly (Html | string)[])[]): Html {
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`
}

function cancel({ request: { id }, cancelAskedAt }: RunRow, { csrf }: Viewer): Html {
  if (cancelAskedAt !== null) return html`<span class="dim">to be ended</span>`
  return html`<form class="inline" method="post" action="/runs/${id}/cancel">${hidden(csrf)}<button>Cancel</button></form>`
}

import { formatSize } from '../../../lib/text/size.ts'
import { html } from '../../../report/html/markup.ts'
import type { WorkerRow } from '../../contract/store.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Html, moment, type Page } from './layout.ts'

/** A worker asks for something to do at least this often, in ms. */
const HERE_MS = 90_000

export function workersPage(viewer: Viewer, workers: readonly WorkerRow[], now: number): Page {
  const size = (bytes: number | null) => (bytes === null ? '' : formatSize(bytes))
  const line = (worker: WorkerRow) =>
    html`<tr><th scope="row">${worker.name}</th><td>${stateOf(worker, now)}</td><td class="nowrap">${size(worker.memoryBytes)}</td><td>${disks(worker)}</td><td>${worker.seenAt ? moment(worker.seenAt) : 'never'}</td><td>${worker.harness ?? ''}</td></tr>`
  return framed({
    title: 'Workers',
    viewer,
    here: '/workers',
    body:
      workers.length === 0
        ? html`<p class="dim">No worker has come yet.</p>`
        : html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">name</th><th scope="col">now</th><th scope="col">memory for runs</th><th scope="col">free disk</th><th scope="col">last seen (UTC)</th><th scope="col">cc-ci</th></tr></thead><tbody>${workers.map(line)}</tbody></table></div>`,
  })
}

/** The room that it reported last; a meter beside the words where it knows how large the disk is. */
function disks({ disks, seenAt }: WorkerRow): Html {
  if (disks === null) return html`<span class="dim">${seenAt === null ? '' : 'not known'}</span>`
  const { runs, images } = disks
  const same = runs && images && runs.freeBytes === images.freeBytes && runs.sizeBytes === images.sizeBytes
  if (same) return disk('runs and images', runs)
  return html`${disk('runs', runs)}${disk('images', images)}`
}

function disk(what: string, room: { readonly freeBytes: number; readonly sizeBytes: number } | null): Html {
  if (room === null) return html`<div>${what}: <span class="dim">not known</span></div>`
  const { freeBytes, sizeBytes } = room
  return html`<div><span class="nowrap">${formatSize(freeBytes)} of ${formatSize(sizeBytes)}</span> <span class="dim">${what}</span> <meter min="0" max="${Math.max(1, sizeBytes)}" high="${Math.round(0.9 * Math.max(1, sizeBytes))}" optimum="0" value="${Math.max(0, sizeBytes - freeBytes)}" aria-label="Used of the disk for ${what}"></meter></div>`
}

export function isHere({ seenAt }: WorkerRow, now: number): boolean {
  return seenAt !== null && now - Date.parse(seenAt) < HERE_MS
}

/** `freeBytes` is what it had when it last asked. */
function stateOf(worker: WorkerRow, now: number): Html {
  const { seenAt, unavailableReason, memoryBytes, freeBytes } = worker
  if (seenAt === null) return html`<span class="dim">never connected</span>`
  if (!isHere(worker, now)) return html`<span class="badge s-skip">– away</span>`
  if (unavailableReason !== null)
    return html`<span class="badge s-unverified">! not accepting work</span><br>${unavailableReason}`
  const busy = (memoryBytes ?? 0) - (freeBytes ?? 0)
  return html`<span class="badge s-pass">✓ here</span> ${busy > 0 ? `runs with ${formatSize(busy)}` : 'idle'}`
}

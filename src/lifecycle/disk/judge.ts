import { formatSize } from '../../lib/text/size.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import type { CheckOutcome } from '../../verdict/events.ts'
import type { Writer } from './written.ts'

/** What one run may do to the disk of its engine, in bytes. */
export interface DiskBounds {
  /** What the app may hold in its volumes and containers (`resources.disk`). */
  readonly most: number
  /** What must stay free. */
  readonly reserve: number
}

/** The disk at one moment of a run. Bytes. */
export interface DiskReading {
  readonly free: number
  readonly freeAtStart: number
  /** What will be free in some seconds if it is written on as in the last ones. */
  readonly ahead: number
  /** For how long it has been short, in ms. */
  readonly shortMs: number
  /** What the run holds, largest first; null where it could not be measured. */
  readonly written: readonly Writer[] | null
}

export interface DiskFull {
  readonly outcome: Exclude<CheckOutcome, 'pass'>
  readonly why: Cause
}

/** With what the run holds more than this part of what has gone since it began, the disk is short because of it. */
const CONSIDERABLE_SHARE = 4
const CONSIDERABLE_BYTES = 64 * 1024 ** 2
/** Whose run fills the disk is ended first; how long the others wait for the room that this makes. */
const PATIENCE_MS = 60_000
/**
 * How long a run waits of which nobody can tell what it holds, as when its files are so many that they cannot be counted. It must not last longer than runs that can tell, or
 * these end for what it wrote.
 */
export const UNKNOWN_PATIENCE_MS = 15_000
/** With less than this part of the reserve nobody waits. */
const LAST_SHARE = 4
const SHOWN = 5

/** Whether the disk has less room than it must keep, or soon will have. */
export function isShort({ free, ahead }: Pick<DiskReading, 'free' | 'ahead'>, { reserve }: DiskBounds): boolean {
  return Math.min(free, ahead) < reserve
}

/** What the app itself holds, its dependencies and the copies that cc-ci makes of its data left out. */
export function ownBytes(written: readonly Writer[]): number {
  return sum(written.filter(({ own }) => own))
}

/**
 * Whether the run is over, and whose doing that is. Only what the app itself holds beyond what one run may hold is a fault of the recipe. A disk that
 * is short says nothing about it: the run ends unverified, at once where it holds a considerable part of what has gone since it began, and otherwise
 * only when nobody else makes room.
 */
export function judgeDisk(seen: DiskReading, bounds: DiskBounds): DiskFull | null {
  const { written, free, freeAtStart, shortMs } = seen
  const own = written === null ? 0 : ownBytes(written)
  if (written !== null && own > bounds.most) return { outcome: 'fail', why: beyond(written, own, seen, bounds) }
  if (!isShort(seen, bounds)) return null
  const all = written === null ? null : sum(written)
  const gone = Math.max(0, freeAtStart - free)
  const considerable = all !== null && all >= Math.max(CONSIDERABLE_BYTES, gone / CONSIDERABLE_SHARE)
  const patienceMs = all === null ? UNKNOWN_PATIENCE_MS : PATIENCE_MS
  const waits = shortMs < patienceMs && free >= bounds.reserve / LAST_SHARE && freeAtStart >= bounds.reserve
  if (!considerable && waits) return null
  return { outcome: 'unverified', why: short({ written, all, considerable }, seen, bounds) }
}

function beyond(written: readonly Writer[], own: number, seen: DiskReading, { most, reserve }: DiskBounds): Cause {
  const [top] = written.filter((one) => one.own)
  const message = `the app wrote ${formatSize(own)}, of ${formatSize(most)} that one run may hold on the disk (resources.disk); most of it: ${nameOf(top)}`
  return cause('disk-full', message, {
    blame: 'recipe',
    hint: 'Find out what the named service writes. If the app needs as much, the operator raises `resources.disk` for this recipe.',
    ...(top?.service ? { service: top.service } : {}),
    lines: linesOf(written, seen, reserve),
  })
}

interface Share {
  readonly written: readonly Writer[] | null
  readonly all: number | null
  readonly considerable: boolean
}

function short({ written, all, considerable }: Share, seen: DiskReading, { reserve }: DiskBounds): Cause {
  const [top] = written ?? []
  const fast = seen.free >= reserve ? ' and going fast' : ''
  const left = `${formatSize(seen.free)} of the machine's disk are free${fast}, ${formatSize(reserve)} must stay free`
  const whose = considerable
    ? `this run holds ${formatSize(all ?? 0)} of it, most of it: ${nameOf(top)}`
    : all === null
      ? 'what this run holds of it could not be measured'
      : `it was not this run, which holds ${formatSize(all)}`
  return cause('disk-full', `${left}; ${whose}`, {
    ...(considerable && top?.service ? { service: top.service } : {}),
    lines: linesOf(written ?? [], seen, reserve),
  })
}

function linesOf(written: readonly Writer[], { free, freeAtStart }: DiskReading, reserve: number): string[] {
  const rows = written.slice(0, SHOWN).map((one) => `wrote: ${nameOf(one)}`)
  const more =
    written.length > SHOWN ? [`wrote: ${written.length - SHOWN} others, ${formatSize(sum(written.slice(SHOWN)))}`] : []
  const disk = `disk: ${formatSize(free)} free, ${formatSize(freeAtStart)} when the run began, ${formatSize(reserve)} must stay free`
  return [...rows, ...more, disk]
}

function nameOf(writer: Writer | undefined): string {
  return writer ? `${writer.what}, ${formatSize(writer.bytes)}` : 'nothing that is known'
}

function sum(written: readonly Writer[]): number {
  return written.reduce((all, { bytes }) => all + bytes, 0)
}

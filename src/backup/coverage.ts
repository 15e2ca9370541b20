import { type Cause, cause } from '../verdict/causes.ts'
import type { Evidence } from '../verdict/evidence.ts'
import { nodeIn } from './contents.ts'
import type { BackupPlan, PlannedVolume } from './plan.ts'
import type { Snapshot } from './restic.ts'
import { type Toolbox, VOLUMES_DIR } from './toolbox.ts'

type CoverageEvidence = Extract<Evidence, { kind: 'coverage' }>
type Row = CoverageEvidence['paths'][number]

const EXCLUDED = 'excluded: '

/**
 * What the labels promise against what the snapshot holds, path by path, asked of the snapshot itself. What the labels exclude
 * is listed too (not covered, with that note), so that a reader sees the decision, and is no fault.
 */
export async function coverageOf(
  toolbox: Toolbox,
  taken: Snapshot,
  plan: BackupPlan,
): Promise<{ evidence: CoverageEvidence; cause?: Cause }> {
  const rows: Row[] = []
  for (const volume of plan.volumes) rows.push(...(await rowsOf(toolbox, taken, volume)))
  for (const path of plan.unreachable) rows.push({ volume: '', path, covered: false, note: 'lies in no volume' })
  const evidence = { kind: 'coverage' as const, paths: rows }
  const found = problem(rows, taken)
  return { evidence, ...(found ? { cause: found } : {}) }
}

async function rowsOf(toolbox: Toolbox, taken: Snapshot, { volume, covered }: PlannedVolume): Promise<Row[]> {
  if (covered.kind === 'none') return [{ volume, path: '.', covered: false, note: `${EXCLUDED}${covered.reason}` }]
  const paths = covered.kind === 'all' ? ['.'] : covered.paths
  if (paths.length === 0) return [{ volume, path: '', covered: false, note: 'the label names no usable path' }]
  return Promise.all(paths.map((path) => rowOf(toolbox, taken, { volume, path })))
}

async function rowOf(
  toolbox: Toolbox,
  { id }: Snapshot,
  { volume, path }: { volume: string; path: string },
): Promise<Row> {
  const place = path === '.' ? `${VOLUMES_DIR}/${volume}` : `${VOLUMES_DIR}/${volume}/${path}`
  const node = await nodeIn(toolbox, id, place, { deadlineMs: 120_000 })
  if (!node) return { volume, path, covered: false, note: 'not in the snapshot' }
  const note =
    node.type === 'dir' ? (node.children === 0 ? 'empty directory' : undefined) : `${node.type}, ${node.size} bytes`
  return { volume, path, covered: true, ...(note ? { note } : {}) }
}

function problem(rows: readonly Row[], taken: Snapshot): Cause | undefined {
  const missing = rows.filter(({ covered, note }) => !covered && !note?.startsWith(EXCLUDED))
  if (missing.length > 0) {
    const lines = missing.map(
      ({ volume, path, note }) => `${volume ? `${volume}: ` : ''}${path || '(nothing)'}: ${note}`,
    )
    return cause('backup-not-covered', `the snapshot lacks ${missing.length} of ${rows.length} promised paths`, {
      lines: [...lines, ...taken.warnings],
    })
  }
  if (taken.volumes.every(({ files }) => files === 0)) {
    return cause('backup-empty', 'backups are on, but the snapshot holds no file', {
      lines: rows.map(({ volume, note }) => `${volume}: ${note ?? 'empty'}`),
    })
  }
  return undefined
}

import { type Cause, cause } from '../verdict/causes.ts'
import type { Evidence } from '../verdict/evidence.ts'
import { nodesIn, type SnapshotNode } from './contents.ts'
import { type BackupPlan, type PlannedVolume, targets } from './plan.ts'
import type { BackupSnapshot } from './restic.ts'
import type { Toolbox } from './toolbox.ts'

type CoverageEvidence = Extract<Evidence, { kind: 'coverage' }>
type Row = CoverageEvidence['paths'][number]

const EXCLUDED = 'excluded: '

/**
 * What the labels promise against what the snapshot holds, path by path, asked of the snapshot itself. What the labels exclude
 * is listed too (not covered, with that note), so that a reader sees the decision, and is no fault.
 */
export async function coverageOf(
  toolbox: Toolbox,
  taken: BackupSnapshot,
  plan: BackupPlan,
): Promise<{ evidence: CoverageEvidence; cause?: Cause }> {
  const nodes = await nodesIn(toolbox, taken.id, plan.volumes.flatMap(targets))
  const rows = plan.volumes.flatMap((volume) => rowsOf(volume, nodes, taken.outside))
  for (const path of plan.unreachable) rows.push({ volume: '', path, covered: false, note: 'lies in no volume' })
  const evidence = { kind: 'coverage' as const, paths: rows }
  const found = missingCause(rows, taken) ?? (await emptyCause(rows, { toolbox, taken, plan }))
  return { evidence, ...(found ? { cause: found } : {}) }
}

function rowsOf(planned: PlannedVolume, nodes: ReadonlyMap<string, SnapshotNode>, outside: readonly string[]): Row[] {
  const { volume, covered } = planned
  if (covered.kind === 'none') return [{ volume, path: '.', covered: false, note: `${EXCLUDED}${covered.reason}` }]
  const paths = covered.kind === 'all' ? ['.'] : covered.paths
  if (paths.length === 0) return [{ volume, path: '', covered: false, note: 'the label names no usable path' }]
  return targets(planned).map((place, index) => {
    const node = nodes.get(place)
    const row = { volume, path: paths[index] ?? '.', covered: node !== undefined }
    const gone = outside.includes(place) ? 'leads out of the volume through a link' : 'not in the snapshot'
    if (!node) return { ...row, note: gone }
    return node.type === 'dir' ? row : { ...row, note: `${node.type}, ${node.size} bytes` }
  })
}

function missingCause(rows: readonly Row[], taken: BackupSnapshot): Cause | undefined {
  const missing = rows.filter(({ covered, note }) => !covered && !note?.startsWith(EXCLUDED))
  if (missing.length === 0) return undefined
  const lines = missing.map(({ volume, path, note }) => `${volume ? `${volume}: ` : ''}${path || '(nothing)'}: ${note}`)
  return cause('backup-not-covered', `the snapshot lacks ${missing.length} of ${rows.length} promised paths`, {
    lines: [...lines, ...taken.warnings],
  })
}

/** A snapshot of nothing is a fault where there is something; an app that has no file yet, and no witness of ours, has nothing to back up. */
async function emptyCause(
  rows: readonly Row[],
  { toolbox, taken, plan }: { toolbox: Toolbox; taken: BackupSnapshot; plan: BackupPlan },
): Promise<Cause | undefined> {
  if (taken.volumes.some(({ files }) => files > 0)) return undefined
  const script = 'find "$@" -xdev ! -type d -print -quit 2>/dev/null | head -c 1 | wc -c'
  const places = plan.volumes.flatMap(targets)
  const there = places.length > 0 && (await toolbox.run(['sh', '-c', script, 'any', ...places], { timeoutMs: 60_000 }))
  if (there === false || there.trim() === '0') return undefined
  return cause('backup-empty', 'backups are on, but the snapshot holds no file', {
    lines: rows.map(({ volume, note }) => `${volume}: ${note ?? 'empty'}`),
  })
}

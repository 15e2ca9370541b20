import { posix } from 'node:path'
import type { Toolbox } from './toolbox.ts'
import { VOLUMES_DIR } from './toolbox.ts'

/** One entry of the setting `backup.verify`. */
export interface BackupRule {
  readonly volume: string
  /** Relative to the volume. */
  readonly path: string
  readonly minBytes?: number
  readonly contains?: string
}

const BOUNDS = { deadlineMs: 300_000 }
/** The size of one file of the snapshot, and whether a text stands in it; nothing of the file itself leaves the toolbox. */
const LOOK = `set -o pipefail
restic dump --no-cache "$1" "$2" > /tmp/ccci-verify || exit 9
stat -c %s /tmp/ccci-verify
if [ -n "$3" ] && ! grep -qaF -- "$3" /tmp/ccci-verify; then echo without; fi
rm -f /tmp/ccci-verify`

/** Looks into the snapshot itself, not at what lies in the volume now. Null: every rule holds. */
export async function verifySnapshot(
  toolbox: Toolbox,
  snapshotId: string,
  rules: readonly BackupRule[],
): Promise<string | null> {
  for (const rule of rules) {
    const problem = await broken(toolbox, snapshotId, rule)
    if (problem) return `${rule.volume}: ${rule.path} ${problem}`
  }
  return null
}

async function broken(toolbox: Toolbox, snapshotId: string, rule: BackupRule): Promise<string | null> {
  const { volume, path, minBytes = 1, contains = '' } = rule
  const file = posix.join(VOLUMES_DIR, volume, path)
  const { exitCode, stdout, stderr } = await toolbox.exec(
    ['bash', '-c', LOOK, 'verify', snapshotId, file, contains],
    BOUNDS,
  )
  if (exitCode !== 0) return `is not in the snapshot (${stderr.trim().split('\n').at(-1)})`
  const [size = '0', note] = stdout.trim().split('\n')
  if (Number(size) < minBytes) return `has ${size} bytes, at least ${minBytes} are asked for`
  return note === 'without' ? `does not contain "${contains}"` : null
}

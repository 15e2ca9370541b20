import { posix } from 'node:path'
import { nodesIn } from './contents.ts'
import { MOST_UNPACKED } from './dumps.ts'
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

const BOUNDS = { timeoutMs: 300_000 }
/**
 * How many lines of a file of the snapshot hold a text, as far as it is looked at: nothing of the file is written anywhere, because holes cost a
 * recipe nothing and would be written in full. Zeros end a line, so that a hole is no line of gigabytes.
 */
const LOOK = `restic dump --no-cache "$1" "$2" 2>/dev/null | head -c ${MOST_UNPACKED} | tr '\\0' '\\n' | grep -caF -- "$3"`

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
  const node = (await nodesIn(toolbox, snapshotId, [file])).get(file)
  if (node?.type !== 'file') return 'is not in the snapshot'
  if (node.size < minBytes) return `has ${node.size} bytes, at least ${minBytes} are asked for`
  if (contains === '') return null
  const { exitCode, stderr } = await toolbox.exec(['sh', '-c', LOOK, 'verify', snapshotId, file, contains], BOUNDS)
  if (exitCode === 0) return null
  if (exitCode !== 1) return `cannot be looked into (${stderr.trim().split('\n').at(-1)})`
  const part = node.size > MOST_UNPACKED ? ` in its first ${MOST_UNPACKED} bytes` : ''
  return `does not contain "${contains}"${part}`
}

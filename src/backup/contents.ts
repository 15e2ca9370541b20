import { type Toolbox, VOLUMES_DIR } from './toolbox.ts'

/** What a snapshot holds of one volume. `files` counts everything but directories; `bytes` are those of regular files. */
export interface VolumeContents {
  readonly volume: string
  readonly files: number
  readonly bytes: number
}

/**
 * Counts in the toolbox, so that a volume of a million files gives one line. Works on restic's JSON lines as text: a quote in a
 * file's name is always escaped there, so a name cannot pass for a field.
 */
const COUNT = `restic ls --json --no-cache "$1" | awk '
match($0, /,"path":"\\/volumes\\/[^\\/"]+/) {
  volume = substr($0, RSTART + 18, RLENGTH - 18)
  seen[volume] += 0
  if ($0 ~ /,"type":"dir",/) next
  seen[volume]++
  if ($0 ~ /,"type":"file",/ && match($0, /,"size":[0-9]+/)) bytes[volume] += substr($0, RSTART + 8, RLENGTH - 8)
}
END { for (volume in seen) printf "%s %d %.0f\\n", volume, seen[volume], bytes[volume] }'`

/** What the snapshot holds of each of the volumes; zeros where it holds nothing. */
export async function snapshotContents(
  toolbox: Toolbox,
  snapshotId: string,
  volumes: readonly string[],
  bounds: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<VolumeContents[]> {
  const lines = await toolbox.run(['bash', '-o', 'pipefail', '-c', COUNT, 'count', snapshotId], bounds)
  const counted = new Map(
    lines
      .trim()
      .split('\n')
      .map((line) => {
        const [volume = '', files, bytes] = line.split(' ')
        return [volume, { files: Number(files), bytes: Number(bytes) }]
      }),
  )
  return volumes.map((volume) => ({ volume, files: 0, bytes: 0, ...counted.get(volume) }))
}

export interface SnapshotNode {
  readonly path: string
  /** restic's word: file, dir, symlink, ... */
  readonly type: string
  readonly size: number
}

const NODES = `id=$1; shift; restic ls --json --no-cache "$id" "$@" | head -c 8388608`

/** The nodes at these paths of the toolbox and right below them, by path; a path that the snapshot does not hold is absent. */
export async function nodesIn(
  toolbox: Toolbox,
  snapshotId: string,
  paths: readonly string[],
): Promise<Map<string, SnapshotNode>> {
  if (paths.length === 0) return new Map()
  const bounds = { timeoutMs: 120_000, maxBytes: 16 * 1024 * 1024 }
  const lines = await toolbox.run(['sh', '-c', NODES, 'nodes', snapshotId, ...paths], bounds)
  return new Map(
    lines
      .split('\n')
      .flatMap(parseNode)
      .map((node) => [node.path, node]),
  )
}

export function parseNode(line: string): SnapshotNode[] {
  if (!line.startsWith('{') || !line.endsWith('}')) return []
  const node = JSON.parse(line) as { path?: unknown; type?: unknown; size?: unknown }
  if (typeof node.path !== 'string' || !node.path.startsWith(`${VOLUMES_DIR}/`)) return []
  return [{ path: node.path, type: String(node.type), size: typeof node.size === 'number' ? node.size : 0 }]
}

// cspell:ignore chardev
import { parseNode, type SnapshotNode } from './contents.ts'
import { type Toolbox, VOLUMES_DIR } from './toolbox.ts'

interface Bounds {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** What restic creates instead of writing into it, which fails where something has that name. */
const SPECIAL = ['symlink', 'fifo', 'dev', 'chardev'].map((type) => `,"type":"${type}",`)
const MOST_BYTES = 16 * 1024 ** 2

const LINKS = `cd ${VOLUMES_DIR} && find "$@" -type l -print0 | head -c ${MOST_BYTES}`
/** Fixed texts come by standard input, a line each; a line of a node that has one of them goes out. */
const NODES = `exec 3<&0; restic ls --json --no-cache "$1" < /dev/null | grep -F -f /dev/fd/3 | head -c ${MOST_BYTES}`
const REMOVE = removal('[ -L "$path" ] || { [ -e "$path" ] && [ ! -d "$path" ]; }')
/** A link to a folder of the same volume does what the folder did: restic writes there. */
const REMOVE_LEADING_OUT = removal(`[ -L "$path" ] && {
  volume=\${path#${VOLUMES_DIR}/}; volume=${VOLUMES_DIR}/\${volume%%/*}
  case "$(cd -P -- "$path" 2> /dev/null && pwd -P)/" in "$volume"/*) false ;; *) true ;; esac
}`)

function removal(condition: string): string {
  return `for path; do if ${condition}; then rm -f -- "$path"; fi; done`
}

/**
 * Removes what would keep restic from restoring a snapshot over files that are there: anything but a folder where the snapshot has a link or another special file (restic before 0.17
 * ends with "file exists"), links where it has a file, and links out of the volume where it has a folder, because what restic writes would go through them. An app that makes such a link at each start
 * is ordinary. What the snapshot does not hold stays. `volumes`: names below `/volumes`.
 */
export async function removeObstacles(
  toolbox: Toolbox,
  { id, volumes }: { readonly id: string; readonly volumes: readonly string[] },
  bounds: Bounds,
): Promise<void> {
  if (volumes.length === 0) return
  const names = volumes.map((volume) => `./${volume}`)
  const found = await toolbox.run(['sh', '-c', LINKS, 'links', ...names], { ...bounds, maxBytes: MOST_BYTES + 1 })
  const links = found
    .split('\0')
    .filter(Boolean)
    .map((path) => `${VOLUMES_DIR}${path.slice(1)}`)
  const stdin = [...SPECIAL, ...links.map((path) => `,"path":${goJson(path)},`)].join('\n')
  const { stdout } = await toolbox.exec(['sh', '-c', NODES, 'nodes', id], {
    ...{ ...bounds, stdin, maxBytes: MOST_BYTES + 1 },
  })
  const nodes = stdout.split('\n').flatMap(parseNode)
  const remove = async (script: string, among: readonly SnapshotNode[]) => {
    if (among.length === 0) return
    const argv = ['xargs', '-0', 'sh', '-c', script, 'remove']
    await toolbox.run(argv, { ...bounds, stdin: among.map(({ path }) => `${path}\0`).join('') })
  }
  // Folders first: no link that leads out is left on the way to the others.
  await remove(
    REMOVE_LEADING_OUT,
    nodes.filter(({ type }) => type === 'dir'),
  )
  await remove(
    REMOVE,
    nodes.filter(({ type }) => type !== 'dir'),
  )
}

/** As Go writes JSON: `<`, `>`, `&` and two line separators are escaped as well. */
function goJson(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

import { createHash } from 'node:crypto'
import { randomId } from '../../lib/ids.ts'
import type { Coverage } from '../plan.ts'
import { type Toolbox, VOLUMES_DIR } from '../toolbox.ts'
import type { Witness } from './contract.ts'

const BOUNDS = { timeoutMs: 60_000 }

/**
 * Creates the marker beside the data with the owner of its folder (PostgreSQL syncs every file of its folder after a crash and complains
 * about those it cannot open), never over something that is there, and puts the folder's time back.
 */
const PLANT = `set -C; umask 022; [ -d "$1" ] && [ ! -L "$1" ] || exit 9
time=$(stat -c %y -- "$1"); cat > "$1/$2" && chown --reference="$1" -- "$1/$2"; ok=$?; touch -d "$time" -- "$1"; exit $ok`
const REMOVE = `[ -d "$1" ] && [ ! -L "$1" ] || exit 0
time=$(stat -c %y -- "$1"); rm -f -- "$1/$2"; ok=$?; touch -d "$time" -- "$1"; exit $ok`
const READ = `[ -f "$1/$2" ] && [ ! -L "$1/$2" ] && head -c 4096 -- "$1/$2"`

/**
 * One small file in the root of a volume, or in each folder that the labels name when they cover only those. It is planted after the
 * app has converged: initdb refuses a folder that is not empty, while running servers (PostgreSQL, MariaDB, Redis, nginx,
 * PocketBase) leave an unknown dot file in peace.
 */
export function fileWitness(volume: string, folder: string, covered: Coverage): Witness {
  const name = `.cc-ci-witness-${randomId(10)}`
  const content = `${randomId(32)}\n`
  const place = folder === '.' ? `${VOLUMES_DIR}/${volume}` : `${VOLUMES_DIR}/${volume}/${folder}`
  const subject = folder === '.' ? `volume:${volume}` : `volume:${volume}/${folder}`
  const before = `1 file, ${hash(content)}`
  let destroyed: string | undefined
  let planted = false
  const look = async (toolbox: Toolbox) => {
    const { exitCode, stdout } = await toolbox.exec(['sh', '-c', READ, 'read', place, name], BOUNDS)
    return exitCode === 0 ? `1 file, ${hash(stdout)}` : 'gone'
  }
  return {
    subject,
    kind: 'file',
    volume,
    excluded: excludedBy(folder, covered),
    async plant({ toolbox }) {
      planted = true
      await toolbox.run(['sh', '-c', PLANT, 'plant', place, name], { ...BOUNDS, stdin: content })
    },
    async compare({ toolbox }) {
      const after = await look(toolbox)
      const isUnchanged = after === before
      return {
        subject,
        kind: 'file',
        result: isUnchanged ? 'kept' : 'lost',
        before,
        ...(destroyed === undefined ? {} : { destroyed }),
        after,
        summary: isUnchanged
          ? 'the marker file is there, unchanged'
          : after === 'gone'
            ? 'the marker file is gone'
            : 'the marker file has other content',
      }
    },
    note: async () => undefined,
    async afterLoss({ toolbox }) {
      if (planted) destroyed = await look(toolbox)
    },
    async destroy({ toolbox }) {
      if (!planted) return
      await toolbox.run(['sh', '-c', REMOVE, 'remove', place, name], BOUNDS)
      destroyed = await look(toolbox)
    },
    async remove({ toolbox }) {
      if (planted) await toolbox.run(['sh', '-c', REMOVE, 'remove', place, name], BOUNDS)
      planted = false
    },
  }
}

function excludedBy(folder: string, covered: Coverage): string | null {
  if (covered.kind === 'none') return covered.reason
  if (covered.kind === 'all') return null
  const inside = covered.paths.some((path) => folder === path || folder.startsWith(`${path}/`))
  return inside ? null : `the labels cover only ${covered.paths.join(', ') || 'nothing'}`
}

function hash(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}

import { type Toolbox, VOLUMES_DIR } from '../toolbox.ts'
import type { Witness, WitnessContext, WitnessRow } from './contract.ts'

const BOUNDS = { timeoutMs: 120_000 }
const HASH = `if [ -f "$1" ] && [ ! -L "$1" ]; then printf '%s bytes, sha256:%.16s' "$(stat -c %s -- "$1")" "$(sha256sum < "$1")"; elif [ -e "$1" ] || [ -L "$1" ]; then printf 'not a file'; else printf 'no file'; fi`
/** Files of these names are dumps: nothing has them open, so they may be taken away before a restore. */
const DUMP = /\.(sql|dump|pgdump|tar|tgz|gz)$/i

/**
 * A single file that the labels name, usually a dump. No marker fits into it, so it is its own witness: taken away before the restore
 * (dumps only), expected back with the content it had. Hooks own it: a backup hook may delete it when the snapshot is
 * taken, a restore hook when it has loaded it.
 */
export function namedFileWitness(volume: string, path: string): Witness {
  const subject = `volume:${volume}/${path}`
  const place = `${VOLUMES_DIR}/${volume}/${path}`
  let before = 'no file'
  let destroyed: string | undefined
  const look = (toolbox: Toolbox) => toolbox.run(['sh', '-c', HASH, 'hash', place], BOUNDS)
  /** What the backup's own hooks wrote is what the snapshot holds; the state at planting is older. */
  const noteNow = async (toolbox: Toolbox) => {
    const now = await look(toolbox)
    if (now !== 'no file') before = now
    return now
  }
  return {
    subject,
    kind: 'manifest',
    excluded: null,
    async plant({ toolbox }) {
      before = await look(toolbox)
    },
    async compare(around): Promise<WitnessRow> {
      const after = await look(around.toolbox)
      const row = { subject, kind: 'manifest' as const, before, after }
      if (destroyed === undefined) return { ...row, ...untouched(before, after) }
      return { ...row, destroyed, ...restored({ before, after }, around) }
    },
    async note({ toolbox }) {
      await noteNow(toolbox)
    },
    async afterLoss({ toolbox }) {
      destroyed = await look(toolbox)
    },
    async destroy({ toolbox }) {
      const now = await noteNow(toolbox)
      if (DUMP.test(path) && now.includes('sha256:')) await toolbox.run(['rm', '-f', '--', place], BOUNDS)
      destroyed = await look(toolbox)
    },
    remove: async () => undefined,
  }
}

function untouched(before: string, after: string): Pick<WitnessRow, 'result' | 'summary'> {
  if (before === after) return { result: 'kept', summary: 'as before' }
  return { result: 'changed', summary: 'backups write it, its content may change' }
}

function restored(
  { before, after }: { before: string; after: string },
  { plan }: WitnessContext,
): Pick<WitnessRow, 'result' | 'summary'> {
  if (after === 'no file') {
    const consumed = plan.hooks.some(({ phase }) => phase === 'restore.post-hook')
    if (consumed)
      return { result: 'changed', summary: 'not there any more after the restore hooks, which may delete it' }
    return { result: 'lost', summary: 'the restore did not bring the file back' }
  }
  if (after === before) return { result: 'kept', summary: 'back with the content it had' }
  return {
    result: 'changed',
    summary: before === 'no file' ? 'brought back from the snapshot' : 'back with other content',
  }
}

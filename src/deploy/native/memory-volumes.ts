// cspell:ignore inodes
import { formatSize } from '../../lib/text/size.ts'
import type { ComposeModel, ComposeNamed } from '../../recipe/model.ts'
import { memoryVolumes } from '../run-memory.ts'

/** As the kernel has it where nobody says anything: a file for each page. What it keeps of an empty file is memory, too. */
const BYTES_PER_FILE = 4096

/** The volumes with a size for each that lies in memory: its own, or the most that any container of the run may have. `mostBytes` null: as they are. */
export function withMemoryVolumes(
  model: ComposeModel,
  mostBytes: number | null,
  accommodations: string[],
): ComposeModel['volumes'] {
  if (mostBytes === null) return model.volumes
  const bounded = memoryVolumes(model).map(({ key, bytes }): [string, ComposeNamed] => {
    const size = Math.min(bytes ?? mostBytes, mostBytes)
    if (size !== bytes) accommodations.push(`volume ${key}: at most ${formatSize(size)} of memory (run memory)`)
    return [key, withSize(model.volumes[key] ?? {}, size)]
  })
  return { ...model.volumes, ...Object.fromEntries(bounded) }
}

function withSize(volume: ComposeNamed, bytes: number): ComposeNamed {
  const { driver_opts: options } = volume as { readonly driver_opts?: Readonly<Record<string, unknown>> }
  const mountOptions = String(options?.o ?? '')
    .split(',')
    .filter(Boolean)
  const others = mountOptions.filter((option) => !/^(?:size|nr_inodes|nr_blocks)=/.test(option))
  const most = Math.ceil(bytes / BYTES_PER_FILE)
  const files = mountOptions
    .map((option) => Number(/^nr_inodes=(\d+)$/.exec(option)?.[1] ?? 0))
    .filter((count) => count > 0)
  return {
    ...volume,
    driver_opts: { ...options, o: [...others, `size=${bytes}`, `nr_inodes=${Math.min(most, ...files)}`].join(',') },
  }
}

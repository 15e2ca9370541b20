// cspell:ignore exthdr xattrs
import { type Toolbox, VOLUMES_DIR } from './toolbox.ts'

/**
 * A volume as one stream: a tar archive whose bytes depend on nothing but the content, so that its sha256 is the content's: names, kinds, modes,
 * owners, times of change, extended attributes and bytes, in the order of the names. Sockets are left out: nobody listens behind a copy of one.
 */
const PACK = [
  'tar',
  '--create',
  '--file=-',
  '--sort=name',
  '--format=posix',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
  '--numeric-owner',
  '--one-file-system',
  '--xattrs',
  '--acls',
  '--warning=no-file-ignored',
]
const UNPACK = [
  'tar',
  '--extract',
  '--file=-',
  '--numeric-owner',
  '--same-owner',
  '--same-permissions',
  '--xattrs',
  '--xattrs-include=user.*',
  '--xattrs-include=security.capability',
  '--acls',
]

/** What moves at this rate or slower is in trouble: 2 MiB a second, and never less than ten minutes. */
const LEAST_MS = 600_000
const MS_PER_BYTE = 1000 / (2 * 1024 * 1024)

export interface CopyBounds {
  readonly signal?: AbortSignal
  /** What is expected, for the deadline. */
  readonly bytes: number
}

/** Reads a volume that nothing writes to. Throws InfraError `toolbox-failed`, also where a file changed meanwhile. */
export async function readVolume(
  toolbox: Toolbox,
  volume: string,
  { signal, bytes, output }: CopyBounds & { readonly output: (bytes: Buffer) => Promise<void> },
): Promise<void> {
  await toolbox.pipe([...PACK, `--directory=${placeOf(volume)}`, '.'], { signal, timeoutMs: deadline(bytes), output })
}

/** Fills a volume, which must be empty, with what `readVolume` gave. */
export async function fillVolume(
  toolbox: Toolbox,
  volume: string,
  { signal, bytes, input }: CopyBounds & { readonly input: AsyncIterable<Buffer> },
): Promise<void> {
  await toolbox.pipe([...UNPACK, `--directory=${placeOf(volume)}`], { signal, timeoutMs: deadline(bytes), input })
}

/** sha256 of what `readVolume` would give now, 64 hex. */
export async function volumeContent(toolbox: Toolbox, volume: string, { signal, bytes }: CopyBounds): Promise<string> {
  const script = 'place=$1; shift; "$@" --directory="$place" . | sha256sum'
  const argv = ['bash', '-o', 'pipefail', '-c', script, 'content', placeOf(volume), ...PACK]
  const printed = await toolbox.run(argv, { signal, timeoutMs: deadline(bytes) })
  return printed.slice(0, 64)
}

function placeOf(volume: string): string {
  return `${VOLUMES_DIR}/${volume}`
}

function deadline(bytes: number): number {
  return Math.max(LEAST_MS, bytes * MS_PER_BYTE)
}

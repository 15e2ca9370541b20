import { statfs } from 'node:fs/promises'
import { fromEnvironment } from '../lib/environment.ts'
import { parseSize } from '../lib/text/size.ts'

const RESERVE_BYTES = 1024 ** 3
/** A small disk keeps less back, or nothing could be tested on it. */
const RESERVE_SHARE = 20

/** How much room a disk has for whoever is not root, in bytes. */
export interface DiskRoom {
  readonly free: number
  readonly size: number
}

/** Throws as `statfs` does. */
export async function roomIn(folder: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { free: bavail * bsize, size: blocks * bsize }
}

/** What must stay free of a disk of this size, so that results, the removal of the run and other runs have room. Throws UsageError `bad-size`. */
export function diskReserve(size: number): number {
  const said = fromEnvironment('CC_CI_DISK_RESERVE')
  return said ? parseSize(said) : Math.min(RESERVE_BYTES, Math.floor(size / RESERVE_SHARE))
}

import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'

const ENGINES = '/var/lib/docker'

/** Bytes that are free where runs write: the state folder, and the folder of an engine of this machine. */
export async function freeDisk(state: string): Promise<number> {
  const folders = process.env.DOCKER_HOST || !existsSync(ENGINES) ? [state] : [state, ENGINES]
  const free = await Promise.all(
    folders.map(async (folder) => {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    }),
  )
  return Math.min(...free)
}

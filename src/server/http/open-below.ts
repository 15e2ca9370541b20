import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** Null where there is no plain file of that name in the folder, or a link leads out of it. */
export async function openBelow(folder: string, path: string): Promise<FileHandle | null> {
  try {
    const root = await realpath(folder)
    const wanted = join(root, path)
    if ((await realpath(wanted)) !== wanted || !wanted.startsWith(root + sep)) return null
    const file = await open(wanted, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const facts = await file.stat()
    const opened = await realpath(`/proc/self/fd/${file.fd}`)
    if (facts.isFile() && facts.nlink === 1 && opened === wanted) return file
    await file.close()
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO', 'EACCES'].includes(code ?? '')) return null
    throw error
  }
}

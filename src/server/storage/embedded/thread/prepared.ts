// cspell:ignore pglite initdb ficlone
import { constants } from 'node:fs'
import { access, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

/**
 * Fills an empty database folder with an empty database: a copy of `prepared`, which is made where it is not there yet. A copy takes a twentieth
 * of the time of `initdb`. The folder is whole or empty, whenever we are killed. Without a place for `prepared` it stays empty: PGlite then
 * makes the database itself.
 */
export async function prepare(folder: string, prepared: string | null): Promise<void> {
  if (prepared === null || (await readdir(folder)).length > 0) return
  if (!(await isThere(prepared)) && !(await make(prepared))) return
  const beside = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`))
  try {
    await cp(prepared, beside, { recursive: true, mode: constants.COPYFILE_FICLONE })
    await rename(beside, folder)
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    throw error
  }
}

/** False where it cannot be kept. Who comes second throws its own away. */
async function make(prepared: string): Promise<boolean> {
  let beside: string
  try {
    await mkdir(dirname(prepared), { recursive: true })
    beside = await mkdtemp(`${prepared}-`)
  } catch {
    return false
  }
  try {
    await (await PGlite.create(beside)).close()
    await rename(beside, prepared)
  } catch {
    // No room, or somebody was quicker.
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
  return isThere(prepared)
}

function isThere(folder: string): Promise<boolean> {
  return access(join(folder, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
}

import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface AtomicWrite {
  /** Of the file; a folder that is missing is made for its owner alone. Default 0600. */
  readonly mode?: number
}

/**
 * Writes a value as JSON whole or not at all, on disk when this resolves: beside the file, synced, renamed over it, its folder synced. A
 * reader, a kill and a power cut meet the old text or the new one. Of several writers at once the last wins.
 */
export async function writeJson(path: string, value: unknown, { mode = 0o600 }: AtomicWrite = {}): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const beside = besideOf(path)
  try {
    const file = await open(beside, 'wx', mode)
    try {
      await file.writeFile(textOf(value))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await syncPath(folder)
}

/** `writeJson` for callers that cannot wait: programs that do one thing at a time. */
export function writeJsonSync(path: string, value: unknown, options: AtomicWrite = {}): void {
  writeTextSync(path, textOf(value), options)
}

/** The same of text. */
export function writeTextSync(path: string, text: string, { mode = 0o600 }: AtomicWrite = {}): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const beside = besideOf(path)
  try {
    syncedSync(openSync(beside, 'wx', mode), (file) => writeFileSync(file, text))
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
  syncedSync(openSync(folder, 'r'))
}

/** Removes a file for good: also after a power cut it stays away. One that is not there is removed already. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await syncPath(dirname(path))
}

function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function besideOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
}

/** Puts what a folder lists, or a file holds, on disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function syncedSync(file: number, write: (file: number) => void = () => {}): void {
  try {
    write(file)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

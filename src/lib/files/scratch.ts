import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Those that are in use. */
const open = new Set<string>()

/** Gives `act` a new folder among the temporary ones, and removes it when that is done, however it ends. */
export async function withScratch<T>(name: string, act: (dir: string) => Promise<T>): Promise<T> {
  // At once, so that none is made and not yet known when the process is asked to end.
  const dir = mkdtempSync(join(tmpdir(), `cc-ci-${name}-`))
  open.add(dir)
  try {
    return await act(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
    open.delete(dir)
  }
}

/** Removes all of them: for a process that ends at once. */
export function removeScratch(): void {
  for (const dir of open) rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
}

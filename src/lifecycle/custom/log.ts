import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { RunContext } from '../context.ts'

const MAX_BYTES = 4 * 1024 * 1024

/** A log in the run's folder for what custom code prints: masked, bounded, appended to when the same code runs again. */
export function customLog({ folder, masker }: Pick<RunContext, 'folder' | 'masker'>, name: string) {
  const file = openSync(join(folder.logs, `${name.replace(/[^A-Za-z0-9._-]/g, '_')}.log`), 'a', 0o600)
  let room = MAX_BYTES
  return {
    line(text: string): void {
      if (room <= 0) return
      const line = `${masker.mask(text)}\n`
      room -= line.length
      writeSync(file, room > 0 ? line : '[cc-ci: cut here]\n')
    },
    /** What still comes in afterwards is dropped: a killed program may have said more. */
    [Symbol.dispose](): void {
      room = 0
      closeSync(file)
    },
  }
}

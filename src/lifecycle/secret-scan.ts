import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Masker } from '../lib/masking/mask.ts'
import type { EventBodies } from '../verdict/events.ts'
import { maskFile } from './masked-file.ts'
import type { RunFolder } from './run-folder.ts'

/**
 * Looks once more through everything the run keeps but its checkouts, whatever it is called; what still holds a secret is masked and named, and so is what cannot be
 * looked into.
 */
export function scanForSecrets(folder: RunFolder, masker: Masker): EventBodies['secrets.scanned'] {
  const looks = [folder.logs, folder.artifacts]
    .flatMap(filesBelow)
    .concat(folder.events)
    .map((file) => ({
      file: relative(folder.dir, file),
      ...maskFile(file, (text) => masker.withoutLeaks(text)),
    }))
  return {
    files: looks.filter(({ unseen }) => unseen === null || unseen === 'within').length,
    leaks: looks.filter(({ changed }) => changed).map(({ file }) => file),
    notLooked: looks.flatMap(({ file, unseen }) => (unseen === null ? [] : [{ file, why: unseen }])),
  }
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

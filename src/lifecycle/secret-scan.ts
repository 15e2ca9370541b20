import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Masker } from '../lib/mask.ts'
import type { RunFolder } from './run-folder.ts'

const MAX_BYTES = 64 * 1024 * 1024

/** Looks once more through every text the run keeps; what still holds a secret is masked and named. */
export function scanForSecrets(folder: RunFolder, masker: Masker): { files: number; leaks: string[] } {
  const files = [folder.logs, folder.artifacts].flatMap(textFiles).concat(folder.events)
  const leaks = files.filter((file) => masker.leaks(readFileSync(file, 'utf8')))
  for (const file of leaks) writeFileSync(file, masker.mask(readFileSync(file, 'utf8')))
  return { files: files.length, leaks: leaks.map((file) => relative(folder.dir, file)) }
}

function textFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(log|txt|md|xml|json|html|ndjson)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size <= MAX_BYTES)
}

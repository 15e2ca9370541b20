import { join } from 'node:path'
import { execOk } from '../../../src/lib/process/exec.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')

/** TypeScript as the format check wants it. */
export async function formatTypeScript(text: string, file: string): Promise<string> {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome')
  const args = [biome, 'format', `--stdin-file-path=${file}`]
  return (await execOk(process.execPath, args, { cwd: ROOT, timeoutMs: 30_000, input: text })).stdout
}

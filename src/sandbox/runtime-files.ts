import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { codeFiles } from './code-files.ts'
import type { TarFile } from './tar-write.ts'

const SOURCE = new URL('../', import.meta.url)
const FOLDERS = ['inside', 'public'] as const
const FILES = ['sandbox/contract.ts', 'sandbox/lines.ts'] as const

/** cc-ci's own files for the inside, below `under`, as a package: what recipes import and what runs their code. */
export async function runtimeFiles(under: string): Promise<TarFile[]> {
  const folders = await Promise.all(
    FOLDERS.map((folder) => codeFiles(fileURLToPath(new URL(folder, SOURCE)), `${under}/src/${folder}`)),
  )
  const files = await Promise.all(
    FILES.map(async (file) => ({ path: `${under}/src/${file}`, bytes: await readFile(new URL(file, SOURCE)) })),
  )
  return [...folders.flat(), ...files, { path: `${under}/package.json`, bytes: await packageFile() }]
}

async function packageFile(): Promise<Buffer> {
  const own = JSON.parse(await readFile(new URL('../package.json', SOURCE), 'utf8')) as Record<string, unknown>
  const { name, version, type, exports } = own
  return Buffer.from(`${JSON.stringify({ name, version, type, exports })}\n`)
}

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { pip, wheelsFor } from '../../fixtures/images/python.ts'

/**
 * `scripts/dev/lock-wheels.ts fittrackee==0.12.2`: prints a package and all that it needs as requirements of pip, each with the SHA-256 of its wheels for the machines that
 * fixtures are built on. They are for `downloadWheels`.
 */
const MACHINES = ['x86_64', 'aarch64'] as const
const REPORT = z.object({
  install: z.array(
    z.object({
      metadata: z.object({ name: z.string(), version: z.string() }),
      download_info: z.object({ archive_info: z.object({ hashes: z.object({ sha256: z.string() }) }) }),
    }),
  ),
})

const hashes = new Map<string, Set<string>>()
for (const machine of MACHINES) {
  for (const { metadata, download_info } of await resolve(machine)) {
    const pinned = `${metadata.name.toLowerCase().replaceAll('_', '-')}==${metadata.version}`
    hashes.set(pinned, (hashes.get(pinned) ?? new Set()).add(download_info.archive_info.hashes.sha256))
  }
}
process.stdout.write(`# Made by scripts/dev/lock-wheels.ts ${process.argv.slice(2).join(' ')}\n`)
for (const [pinned, known] of [...hashes].sort(([a], [b]) => (a < b ? -1 : 1)))
  process.stdout.write(`${[pinned, ...[...known].map((hash) => `    --hash=sha256:${hash}`)].join(' \\\n')}\n`)

async function resolve(machine: string) {
  const folder = await mkdtemp(join(tmpdir(), 'cc-ci-lock-'))
  try {
    const report = join(folder, 'report.json')
    const dry = ['--dry-run', '--ignore-installed', '--target', join(folder, 'none'), '--report', report]
    await pip(['install', ...dry, ...wheelsFor(machine), ...process.argv.slice(2)])
    return REPORT.parse(JSON.parse(await readFile(report, 'utf8'))).install
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

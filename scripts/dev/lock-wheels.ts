import { z } from 'zod'
import { pythonBase, wheelsFor } from '../../fixtures/images/python.ts'
import { docker } from '../../src/engine/docker-cli.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { inputTag } from '../../src/images/definition.ts'

/**
 * `scripts/dev/lock-wheels.ts fittrackee==0.12.2`: prints a package and all that it needs as requirements of pip, each with the SHA-256 of its wheels for the machines that
 * fixtures are built on. They are for `downloadWheels`. What a package needs may depend on the last digit of Python's version: the one of the image is asked.
 */
const DEADLINE_MS = 15 * 60_000
const MACHINES = ['x86_64', 'aarch64'] as const
const REPORT = z.object({
  install: z.array(
    z.object({
      metadata: z.object({ name: z.string(), version: z.string() }),
      download_info: z.object({ archive_info: z.object({ hashes: z.object({ sha256: z.string() }) }) }),
    }),
  ),
})

await new ImageBuilder(() => {}).ensure(pythonBase())
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
  const dry = ['--quiet', '--dry-run', '--ignore-installed', '--target', '/tmp/none', '--report', '-']
  const authorities = ['--cert', '/etc/ssl/certs/ca-certificates.crt']
  const install = ['install', ...dry, ...authorities, ...wheelsFor(machine), ...process.argv.slice(2)]
  const script = 'python3 -m venv /tmp/pip && exec /tmp/pip/bin/pip --disable-pip-version-check "$@"'
  const command = ['run', '--rm', inputTag(pythonBase()), 'sh', '-c', script, 'pip', ...install]
  return REPORT.parse(JSON.parse((await docker(command, { timeoutMs: DEADLINE_MS })).stdout)).install
}

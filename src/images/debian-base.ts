import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docker } from '../engine/docker-cli.ts'
import { execOk } from '../lib/process/exec.ts'
import type { ImageDefinition } from './definition.ts'

const AUTHORITIES = '/usr/local/share/ca-certificates'
const UNPACKING_DEADLINE_MS = 15 * 60_000

/** Left out of every image: nobody reads manuals in a container. The man page folders stay, some packages link into them. */
const LEAN = [
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--dpkgopt=path-exclude=/usr/share/man/*/*.gz',
  '--dpkgopt=path-exclude=/usr/share/info/*',
  '--dpkgopt=force-unsafe-io',
  '--aptopt=Acquire::Languages "none"',
]

const CODENAMES = { 12: 'bookworm', 13: 'trixie' } as const

/**
 * Debian 12, or another release of it, made from its packages, because no image registry can be counted on. Authorities that the machine's
 * administrator added are baked in: without them nothing inside could use HTTPS where a proxy stands in between.
 */
export function debianBase(release: keyof typeof CODENAMES = 12): ImageDefinition {
  const codename = CODENAMES[release]
  const authorities = addedAuthorities()
  const options = ['--variant=apt', '--include=ca-certificates', ...LEAN]
  const contents = createHash('sha256')
    .update(authorities.map((path) => readFileSync(path)).join('\n'))
    .digest('hex')
  return {
    tag: `cc-ci/base:${release}`,
    from: null,
    steps: [],
    labels: { 'cc-ci.role': 'base' },
    make: {
      key: JSON.stringify([options, contents, ...(release === 12 ? [] : [codename])]),
      run: (tags, labels) => importBase([...options, ...bakeIn(authorities), codename], tags, labels),
    },
  }
}

async function importBase(
  argv: readonly string[],
  [first = '', ...others]: readonly string[],
  labels: readonly string[],
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cc-ci-base-'))
  const archive = join(folder, 'base.tar')
  try {
    await execOk('mmdebstrap', [...argv, archive], { timeoutMs: UNPACKING_DEADLINE_MS })
    const changes = ['CMD ["/bin/sh"]', 'ENV LANG=C.UTF-8', ...labels.map((label) => `LABEL ${label}`)]
    await docker(['import', ...changes.flatMap((change) => ['--change', change]), archive, first], {
      timeoutMs: UNPACKING_DEADLINE_MS,
    })
    for (const tag of others) await docker(['tag', first, tag])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function bakeIn(authorities: readonly string[]): string[] {
  if (authorities.length === 0) return []
  return [
    ...authorities.map((path) => `--customize-hook=copy-in "${path}" ${AUTHORITIES}`),
    '--customize-hook=chroot "$1" update-ca-certificates',
  ]
}

function addedAuthorities(): string[] {
  if (!existsSync(AUTHORITIES)) return []
  return readdirSync(AUTHORITIES)
    .filter((name) => /^[\w.-]+\.crt$/.test(name))
    .sort()
    .map((name) => join(AUTHORITIES, name))
}

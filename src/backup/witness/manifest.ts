import { createHash } from 'node:crypto'
import type { Coverage } from '../plan.ts'
import { type Toolbox, VOLUMES_DIR } from '../toolbox.ts'
import type { Witness, WitnessRow } from './contract.ts'

/** Files of a volume beyond this many are counted, not listed. */
const MAX_FILES = 20_000
/** Bytes of one volume that are hashed; above it sizes must do. */
const MAX_HASHED = 256 * 1024 * 1024
/** Bytes of a listing: names may be long. */
const MAX_LISTING = 64 * 1024 * 1024

interface ManifestEntry {
  /** find's letter: f, d, l, ... */
  readonly type: string
  readonly mode: string
  readonly owner: string
  /** Bytes; 0 for what is not a regular file. */
  readonly size: number
  /** Relative to the volume; the root is ''. */
  readonly path: string
  readonly link: string
}

/**
 * What lies in a volume, for the report: files appear and vanish in a living app, so only "nothing that had content is left" is a loss here; the
 * marker files and the databases decide the rest.
 */
export function manifestWitness(volume: string, covered: Coverage): Witness {
  const subject = `volume:${volume}`
  let before: Manifest | undefined
  let destroyed: string | undefined
  return {
    subject,
    kind: 'manifest',
    excluded:
      covered.kind === 'all' ? null : covered.kind === 'none' ? covered.reason : 'the labels cover only part of it',
    async plant({ toolbox }) {
      before = await manifestOf(toolbox, volume)
    },
    async compare({ toolbox }): Promise<WitnessRow> {
      const after = await manifestOf(toolbox, volume)
      const was = before ?? after
      return {
        subject,
        kind: 'manifest',
        ...compareManifests(was, after),
        before: describe(was),
        ...(destroyed === undefined ? {} : { destroyed }),
        after: describe(after),
      }
    },
    note: async () => undefined,
    async afterLoss({ toolbox }) {
      destroyed = describe(await manifestOf(toolbox, volume))
    },
    destroy: async () => undefined,
    async remove() {
      before = undefined
    },
  }
}

export interface Manifest {
  readonly entries: readonly ManifestEntry[]
  /** True: there are more than MAX_FILES. */
  readonly cut: boolean
  /** Over names, owners, modes, sizes, link targets and, up to MAX_HASHED bytes, content. */
  readonly digest: string
}

/** Lists a volume without following links and without leaving its file system; marker files of cc-ci are left out. */
export async function manifestOf(toolbox: Toolbox, volume: string): Promise<Manifest> {
  const place = `${VOLUMES_DIR}/${volume}`
  const listing = await toolbox.run(['sh', '-c', LIST, 'list', place, String(MAX_FILES * 7 + 7)], {
    timeoutMs: 120_000,
    maxBytes: MAX_LISTING,
  })
  const all = parseListing(listing).filter(({ path }) => !/(^|\/)\.cc-ci-witness-[a-z0-9]+$/.test(path))
  const entries = all.slice(0, MAX_FILES).sort((a, b) => (a.path < b.path ? -1 : 1))
  const bytes = entries.reduce((sum, { size }) => sum + size, 0)
  const content = bytes <= MAX_HASHED ? await contentDigest(toolbox, place, entries) : ''
  const digest = createHash('sha256').update(JSON.stringify(entries)).update(content).digest('hex')
  return { entries, cut: all.length > MAX_FILES, digest }
}

const LIST = `find "$1" -xdev -printf '%y\\0%m\\0%U:%G\\0%s\\0%P\\0%l\\0\\n\\0' 2>/dev/null | head -z -n "$2" | base64 -w0`

/** Fields end with NUL because names and link targets may hold anything else; in base64 because they need not be UTF-8. */
function parseListing(base64: string): ManifestEntry[] {
  const fields = Buffer.from(base64, 'base64').toString('latin1').split('\0')
  const entries: ManifestEntry[] = []
  for (let at = 0; at + 6 < fields.length; at += 7) {
    const [type = '', mode = '', owner = '', size = '0', path = '', link = ''] = fields.slice(at, at + 6)
    entries.push({ type, mode, owner, size: type === 'f' ? Number(size) : 0, path, link })
  }
  return entries
}

async function contentDigest(toolbox: Toolbox, place: string, entries: readonly ManifestEntry[]): Promise<string> {
  const names = entries.filter(({ type }) => type === 'f').map(({ path }) => `./${path}\0`)
  const script = 'cd "$1" && base64 -d | xargs -0 -r sha256sum -z -- 2>/dev/null | sha256sum'
  const stdin = Buffer.from(names.join(''), 'latin1').toString('base64')
  return toolbox.run(['sh', '-c', script, 'hash', place], { timeoutMs: 300_000, stdin })
}

export function compareManifests(
  before: Manifest,
  after: Manifest,
): { result: 'kept' | 'changed' | 'lost'; summary: string } {
  if (before.digest === after.digest) return { result: 'kept', summary: `${files(after)} files, all as before` }
  const is = new Set(after.entries.map(({ path }) => path))
  const was = new Set(before.entries.map(({ path }) => path))
  const gone = before.entries.filter(({ path }) => !is.has(path)).length
  const fresh = after.entries.filter(({ path }) => !was.has(path)).length
  const summary = `${files(before)} files before, ${files(after)} after; ${fresh} new, ${gone} gone`
  if (!survives(before, after)) return { result: 'lost', summary: `nothing that was in it is left: ${summary}` }
  return { result: 'changed', summary }
}

/** True when at least one file with content still has some, where it was or, of the same name and size, elsewhere. `rm -rf data/*` spares a hidden marker. */
function survives(before: Manifest, after: Manifest): boolean {
  const full = ({ entries }: Manifest) => entries.filter(({ type, size }) => type === 'f' && size > 0)
  const was = full(before)
  if (was.length === 0 || before.cut || after.cut) return files(before) === 0 || files(after) > 0
  const paths = new Set(full(after).map(({ path }) => path))
  const moved = new Set(full(after).map(nameAndSize))
  return was.some((entry) => paths.has(entry.path) || moved.has(nameAndSize(entry)))
}

function nameAndSize({ path, size }: ManifestEntry): string {
  return `${size} ${path.slice(path.lastIndexOf('/') + 1)}`
}

function describe(manifest: Manifest): string {
  const bytes = manifest.entries.reduce((sum, { size }) => sum + size, 0)
  return `${files(manifest)}${manifest.cut ? '+' : ''} files, ${bytes} bytes, sha256:${manifest.digest.slice(0, 16)}`
}

function files({ entries }: Manifest): number {
  return entries.filter(({ type }) => type === 'f').length
}

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { execOk } from '../../src/lib/process/exec.ts'

export interface TinyRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`: the engine asks it without TLS. */
  readonly host: string
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const CONFIG = 'application/vnd.docker.container.image.v1+json'
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'

/** A real registry, as far as a pull asks, that has an image of the engine under each of these names, `NAME:1`: each with a label of its own, hence an id. */
export async function tinyRegistry(image: string, names: readonly string[]): Promise<TinyRegistry> {
  const { config, layers } = await saved(image)
  const blobs = new Map<string, Buffer>()
  const keep = (bytes: Buffer) => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    blobs.set(digest, bytes)
    return { digest, size: bytes.length }
  }
  const packed = layers.map((layer) => ({ mediaType: LAYER, ...keep(gzipSync(layer)) }))
  const manifests = new Map<string, { digest: string; bytes: Buffer }>()
  for (const name of names) {
    const own = { ...config, config: { ...config.config, Labels: { name, made: String(Date.now()) } } }
    const described = { mediaType: CONFIG, ...keep(Buffer.from(JSON.stringify(own))) }
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: described, layers: packed }),
    )
    const { digest } = keep(bytes)
    for (const tag of ['1', digest]) manifests.set(`/v2/${name}/manifests/${tag}`, { digest, bytes })
  }
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const manifest = manifests.get(path)
    const blob = blobs.get(path.split('/blobs/')[1] ?? '')
    const found = path === '/v2/' ? Buffer.from('{}') : (manifest?.bytes ?? blob)
    const type = manifest ? MANIFEST : 'application/octet-stream'
    const headers = { 'Content-Type': type, ...(manifest ? { 'Docker-Content-Digest': manifest.digest } : {}) }
    response.writeHead(found ? 200 : 404, { ...headers, 'Content-Length': found?.length ?? 0 })
    response.end(request.method === 'HEAD' ? undefined : found)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

interface Saved {
  readonly config: { readonly config: Readonly<Record<string, unknown>> }
  readonly layers: readonly Buffer[]
}

async function saved(image: string): Promise<Saved> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-saved-'))
  try {
    await execOk('docker', ['save', '--output', join(dir, 'image.tar'), image], { timeoutMs: 300_000 })
    await execOk('tar', ['-xf', join(dir, 'image.tar'), '-C', dir], { timeoutMs: 300_000 })
    const [{ Config, Layers }] = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as [
      { Config: string; Layers: string[] },
    ]
    return {
      config: JSON.parse(readFileSync(join(dir, Config), 'utf8')) as Saved['config'],
      layers: Layers.map((layer) => readFileSync(join(dir, layer))),
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

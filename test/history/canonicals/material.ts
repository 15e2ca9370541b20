import { randomBytes } from 'node:crypto'
import {
  type CanonicalStore,
  type CanonicalStoreOptions,
  openCanonicals,
} from '../../../src/history/canonicals/store.ts'
import type { ReleaseKey } from '../../../src/lifecycle/stored-data/canonical.ts'
import type { StoredApp, StoredSecrets } from '../../../src/lifecycle/stored-data/stored-data.ts'

export const KEY: ReleaseKey = {
  ...{ recipe: 'shop', origin: 'https://git.example.org/coop/shop.git' },
  ...{ version: '1.0.0+1.2', commit: 'a'.repeat(40) },
}
export const RUN = '20261123-191254-k3f9qa'
export const IMAGE = { service: 'app', ref: 'shop:1', id: `sha256:${'1'.repeat(64)}` }

export function app(runId = RUN): StoredApp {
  return { runId, domain: `shop-${runId.slice(-6)}.ci.test`, stack: `shop-${runId.slice(-6)}_ci_test`, images: [IMAGE] }
}

export const SECRETS: StoredSecrets = {
  env: new Map([
    ['DOMAIN', 'shop.example.org'],
    ['MODE', 'one'],
  ]),
  values: new Map([['db_password', 'correct horse battery']]),
}

export function store(state: string, options: Partial<CanonicalStoreOptions> = {}): CanonicalStore {
  return openCanonicals({ state, budgetBytes: 1024 ** 3, imageNow: async () => IMAGE.id, ...options })
}

/** Keeps a canonical whose one volume holds these bytes. */
export async function keep(
  where: CanonicalStore,
  content: Buffer = randomBytes(300_000),
  { key = KEY, runId = RUN }: { key?: ReleaseKey; runId?: string } = {},
): Promise<void> {
  const draft = await where.begin(key, app(runId), SECRETS, content.length)
  await draft.add({ volume: 'data', files: 1, bytes: content.length }, (output) => inPieces(content, output))
  await draft.commit()
}

export async function inPieces(content: Buffer, output: (bytes: Buffer) => Promise<void>): Promise<void> {
  for (let at = 0; at < content.length; at += 65_536) await output(content.subarray(at, at + 65_536))
}

export async function contentOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

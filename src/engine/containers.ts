import { z } from 'zod'
import { parseId } from './answer.ts'
import type { Connection } from './connection.ts'

/** Creates a container from the engine's own form of it, without starting it. Gives its id. */
export function createContainer(
  connection: Connection,
  name: string,
  body: object,
  signal?: AbortSignal,
): Promise<string> {
  return connection.ask('POST', '/containers/create', parseId, { query: { name }, body, signal })
}

export async function startContainer(connection: Connection, id: string, signal?: AbortSignal): Promise<void> {
  await connection.tell('POST', `/containers/${encodeURIComponent(id)}/start`, { deadlineMs: 60_000, signal })
}

/** Puts a container on one more network, under these names. */
export async function connectContainer(
  connection: Connection,
  id: string,
  network: { readonly name: string; readonly aliases: readonly string[] },
): Promise<void> {
  const body = { Container: id, EndpointConfig: { Aliases: network.aliases } }
  await connection.tell('POST', `/networks/${encodeURIComponent(network.name)}/connect`, { body })
}

/** Unpacks a tar archive below a folder of a container whose root is writable; it need not run. */
export async function unpackInto(connection: Connection, id: string, dir: string, archive: Buffer): Promise<void> {
  await connection.tell('PUT', `/containers/${encodeURIComponent(id)}/archive`, { query: { path: dir }, archive })
}

/** Waits for a container's end and gives its exit code. */
export function containerEnd(
  connection: Connection,
  id: string,
  options: { readonly deadlineMs: number; readonly signal?: AbortSignal },
): Promise<number> {
  return connection.ask('POST', `/containers/${encodeURIComponent(id)}/wait`, parseEnd, options)
}

const end = z.object({ StatusCode: z.number() })

function parseEnd(answer: unknown): number {
  return end.parse(answer).StatusCode
}

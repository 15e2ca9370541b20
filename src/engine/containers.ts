import { z } from 'zod'
import type { Connection } from './connection.ts'

/** Creates a container from the engine's own form of it, without starting it. Gives its id. */
export async function createContainer(
  connection: Connection,
  name: string,
  body: object,
  signal?: AbortSignal,
): Promise<string> {
  const made = await connection.call('POST', '/containers/create', { query: { name }, body, signal })
  return z.object({ Id: z.string() }).parse(made).Id
}

export async function startContainer(connection: Connection, id: string, signal?: AbortSignal): Promise<void> {
  await connection.call('POST', `/containers/${encodeURIComponent(id)}/start`, { deadlineMs: 60_000, signal })
}

/** Puts a container on one more network, under these names. */
export async function connectContainer(
  connection: Connection,
  id: string,
  network: { readonly name: string; readonly aliases: readonly string[] },
): Promise<void> {
  const body = { Container: id, EndpointConfig: { Aliases: network.aliases } }
  await connection.call('POST', `/networks/${encodeURIComponent(network.name)}/connect`, { body })
}

/** Unpacks a tar archive below a folder of a container whose root is writable; it need not run. */
export async function unpackInto(connection: Connection, id: string, dir: string, archive: Buffer): Promise<void> {
  await connection.call('PUT', `/containers/${encodeURIComponent(id)}/archive`, { query: { path: dir }, archive })
}

/** Waits for a container's end and gives its exit code. */
export async function containerEnd(
  connection: Connection,
  id: string,
  options: { readonly deadlineMs: number; readonly signal?: AbortSignal },
): Promise<number> {
  const answer = await connection.call('POST', `/containers/${encodeURIComponent(id)}/wait`, options)
  return z.object({ StatusCode: z.number() }).parse(answer).StatusCode
}

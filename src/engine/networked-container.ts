import type { Engine } from './client.ts'
import { createContainer, startContainer } from './containers.ts'

/** A small server of ours on one network, with nothing of the machine and little room; the caller removes it by name. */
export interface NetworkedContainer {
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly network: string
  /** Names it answers to on that network. */
  readonly aliases: readonly string[]
  /** The only ones it gets. */
  readonly capabilities: readonly string[]
  readonly memoryBytes: number
  /** Path to size in bytes: the only places where it can write. */
  readonly scratch: Readonly<Record<string, number>>
}

/** Creates and starts it with the image's own program; resolves to its id. */
export async function startNetworked({ connection }: Engine, spec: NetworkedContainer): Promise<string> {
  const scratch = Object.entries(spec.scratch).map(([path, bytes]) => [path, `size=${bytes},mode=0700`])
  const body = {
    Image: spec.image,
    Labels: spec.labels,
    HostConfig: {
      NetworkMode: spec.network,
      CapDrop: ['ALL'],
      CapAdd: spec.capabilities,
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Memory: spec.memoryBytes,
      MemorySwap: spec.memoryBytes,
      PidsLimit: 64,
      Tmpfs: Object.fromEntries(scratch),
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
    },
    NetworkingConfig: { EndpointsConfig: { [spec.network]: { Aliases: spec.aliases } } },
  }
  const id = await createContainer(connection, spec.name, body)
  await startContainer(connection, id)
  return id
}

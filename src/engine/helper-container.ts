import type { Connection } from './connection.ts'
import { createContainer, startContainer } from './containers.ts'

/** A container of ours that stays up and is worked in by exec; the caller removes it by name. */
export interface HelperContainer {
  readonly name: string
  readonly image: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Volume name to path in the container. */
  readonly mounts: ReadonlyMap<string, string>
  /** The only ones it gets. */
  readonly capabilities: readonly string[]
}

/** Creates and starts it without a network; resolves to its id. */
export async function startHelper(connection: Connection, spec: HelperContainer): Promise<string> {
  const body = {
    Image: spec.image,
    Cmd: spec.argv,
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    Labels: spec.labels,
    HostConfig: {
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      CapAdd: spec.capabilities,
      Mounts: [...spec.mounts].map(([volume, target]) => ({ Type: 'volume', Source: volume, Target: target })),
    },
  }
  const id = await createContainer(connection, spec.name, body)
  await startContainer(connection, id)
  return id
}

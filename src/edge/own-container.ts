// cspell:ignore mountinfo
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { understandText } from '../engine/answer.ts'
import { tryDocker } from '../engine/docker-cli.ts'
import { engineElsewhere, engineSocket, hasOwnAddress } from '../engine/endpoint.ts'
import { InfraError } from '../lib/errors.ts'

/** The container that cc-ci runs in, where that is one of the engine that it uses: a step of a CI system. */
export interface OwnContainer {
  readonly networks: readonly string[]
  readonly mounts: readonly Mount[]
}

type Mount = z.infer<typeof mount>

/** Null: no container, or one that the engine does not know. */
export async function ownContainer(): Promise<OwnContainer | null> {
  const id = containerIdIn(readMountInfo())
  if (id === null) return null
  const answer = await tryDocker(['container', 'inspect', id])
  if (answer.exitCode !== 0) return null
  const [container] = understandText(answer.stdout, inspected.parse, 'docker container inspect')
  if (!container) return null
  return { networks: Object.keys(container.NetworkSettings.Networks ?? {}), mounts: container.Mounts ?? [] }
}

/** That the engine and cc-ci are on one machine, a container of the engine included. Throws InfraError `engine-elsewhere`. */
export async function assertSameMachine(): Promise<void> {
  if ((await hasOwnAddress()) || (await ownContainer()) !== null) return
  throw engineElsewhere()
}

/**
 * That the engine's socket has the same path for the engine as for us: the edge and the sandboxes get it mounted by that path. It differs only in a
 * container that has the socket elsewhere. Throws InfraError `socket-elsewhere`.
 */
export async function assertSocketShared(): Promise<void> {
  const path = engineSocket()
  const own = path === null ? null : await ownContainer()
  if (path === null || own === null) return
  const elsewhere = mountedFrom(own.mounts, path)
  if (elsewhere === null) return
  throw new InfraError('socket-elsewhere', `the engine's socket is ${elsewhere} on its machine, and ${path} here`, {
    hint: `Give the container the socket at the same path: --volume ${elsewhere}:${elsewhere} --env DOCKER_HOST=unix://${elsewhere}`,
  })
}

/** The id of the container that a process with these mounts (`/proc/self/mountinfo`) runs in: Docker mounts files of its folder there. Null: none. */
export function containerIdIn(mountInfo: string): string | null {
  return /\/containers\/([0-9a-f]{64})\/(?:resolv\.conf|hostname|hosts) /.exec(mountInfo)?.[1] ?? null
}

/** From where on the machine a path of a container is mounted, if that is another path; null: it is the same one, or no mount. */
export function mountedFrom(mounts: readonly Mount[], path: string): string | null {
  const found = mounts.find(({ Destination }) => plain(Destination) === plain(path))
  return found && plain(found.Source) !== plain(path) ? found.Source : null
}

/** `/var/run` is a link to `/run`. */
function plain(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/')
}

function readMountInfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    // No Linux, or no /proc: then no container of Docker that could be told.
    return ''
  }
}

const mount = z.object({ Source: z.string(), Destination: z.string() })

const inspected = z.array(
  z.object({
    Mounts: z.array(mount).nullish(),
    NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()).nullish() }),
  }),
)

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { understandText } from '../engine/answer.ts'
import { engineHost } from '../engine/connect.ts'
import { tryDocker } from '../engine/docker-cli.ts'
import { InfraError } from '../lib/errors.ts'

/**
 * That the engine's socket has the same path for the engine as for us: the edge and the sandboxes get it mounted by that path. It differs only in a
 * container of that engine which has the socket elsewhere. Throws InfraError `socket-elsewhere`.
 */
export async function assertSocketShared(): Promise<void> {
  const path = /^unix:\/\/(.*)$/.exec(engineHost())?.[1]
  const id = ownContainerId(readMounts())
  if (path === undefined || id === null) return
  const answer = await tryDocker(['container', 'inspect', '--format', '{{json .Mounts}}', id])
  // Our container is of another engine, or none of an engine: nothing says where it has the socket.
  if (answer.exitCode !== 0) return
  const elsewhere = mountedFrom(understandText(answer.stdout, mounts.parse, 'docker container inspect') ?? [], path)
  if (elsewhere === null) return
  throw new InfraError('socket-elsewhere', `the engine's socket is ${elsewhere} on its machine, and ${path} here`, {
    hint: `Give the container the socket at the same path: --volume ${elsewhere}:${elsewhere} --env DOCKER_HOST=unix://${elsewhere}`,
  })
}

/** The id of the container that a process with these mounts (`/proc/self/mountinfo`) runs in: Docker mounts files of its folder there. Null: none. */
export function ownContainerId(mountInfo: string): string | null {
  return /\/containers\/([0-9a-f]{64})\/(?:resolv\.conf|hostname|hosts) /.exec(mountInfo)?.[1] ?? null
}

/** From where on the machine a path of a container is mounted, if that is another path; null: it is the same one, or no mount. */
export function mountedFrom(all: z.infer<typeof mounts>, path: string): string | null {
  const mount = all?.find(({ Destination }) => plain(Destination) === plain(path))
  return mount && plain(mount.Source) !== plain(path) ? mount.Source : null
}

/** `/var/run` is a link to `/run`. */
function plain(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/')
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    // No Linux, or no /proc: then no container of Docker that could be told.
    return ''
  }
}

const mounts = z.array(z.object({ Source: z.string(), Destination: z.string() })).nullable()

import type { Engine } from '../../engine/client.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'

/** Databases by the names of their files: SQLite and its kin, Redis, MariaDB, PostgreSQL. */
const DATABASE = /(\.(db|db3|sqlite|sqlite3|mdb|rdb|aof)|\/ibdata\d|\/PG_VERSION)$/i
/** What nobody expects to outlive a container. */
const FLEETING = /^\/(tmp|run|proc|sys|dev)\/|\/(cache|\.cache|tmp)\//
/** The engine's name for a volume that nobody named. */
const ANONYMOUS = /^[0-9a-f]{64}$/
const SHOWN = 5

/**
 * What a container keeps where it goes with the container: databases in its own layer, and volumes that its image declares and the
 * compose file does not mount. No witness sees that, and whether the data matters only a person can say: findings, not faults.
 */
export async function dataOutsideVolumes(engine: Engine, service: string, containerId: string): Promise<Finding[]> {
  const [paths, container] = await Promise.all([
    engine.objects.changedPaths(containerId),
    engine.container(containerId),
  ])
  const databases = paths.filter((path) => DATABASE.test(path) && !FLEETING.test(path))
  const anonymous = (container?.mounts ?? []).filter(
    ({ type, name }) => type === 'volume' && ANONYMOUS.test(name ?? ''),
  )
  return [...inLayer(service, databases), ...anonymous.map(({ target }) => inAnonymousVolume(service, target))]
}

function inLayer(service: string, databases: readonly string[]): Finding[] {
  if (databases.length === 0) return []
  const more = databases.length > SHOWN ? ` and ${databases.length - SHOWN} more` : ''
  const message = `${service} keeps ${databases.slice(0, SHOWN).join(', ')}${more} in no volume: it is gone whenever its container is replaced`
  return [finding('data-in-container', message)]
}

function inAnonymousVolume(service: string, target: string): Finding {
  const message = `${service} mounts no volume at ${target}, where its image keeps data: each new container begins there empty`
  return finding('nameless-volume', message)
}

/** Of every container of a stack that runs here: where data goes with the container, though its image means to keep it. */
export async function anonymousVolumes(engine: Engine, stack: string): Promise<string[]> {
  const containers = (await engine.containers({ stack })).filter(({ state }) => state === 'running')
  const found = containers.flatMap(({ labels, mounts }) => {
    const service = (labels['com.docker.swarm.service.name'] ?? stack).slice(stack.length + 1)
    const anonymous = mounts.filter(({ type, name }) => type === 'volume' && ANONYMOUS.test(name ?? ''))
    return anonymous.map(({ target }) => inAnonymousVolume(service, target).message)
  })
  return [...new Set(found)]
}

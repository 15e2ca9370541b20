import type { Engine } from '../../engine/client.ts'
import { ownBytes } from './judge.ts'
import type { MeasuredRun, Writer } from './written.ts'

/**
 * Ends what writes, at once: its containers are killed, and when their last words are kept, its services are removed, so that nothing is started again. Where
 * nobody knows what writes, every service of the app. Never throws: the teardown meets again what could not be ended.
 */
export async function stopWriters(
  engine: Engine,
  { stack }: MeasuredRun,
  written: readonly Writer[] | null,
  keepLogs: () => Promise<void>,
): Promise<void> {
  const named = guilty(written ?? [])
  const containers = await engine.containers({ stack }).catch(() => [])
  const wanted = named.length > 0 ? named : containers.map(({ id }) => id)
  await Promise.allSettled(wanted.map((id) => engine.objects.killContainer(id)))
  await keepLogs().catch(() => undefined)
  const services = containers
    .filter(({ id }) => wanted.includes(id))
    .flatMap(({ labels }) => labels['com.docker.swarm.service.id'] ?? [])
  await Promise.allSettled([...new Set(services)].map((id) => engine.objects.remove('service', id)))
}

/** Whoever can write what makes up the better half. */
function guilty(written: readonly Writer[]): readonly string[] {
  const rows = ownBytes(written) > 0 ? written.filter(({ own }) => own) : written
  const all = rows.reduce((sum, { bytes }) => sum + bytes, 0)
  const found = new Set<string>()
  let bytes = 0
  for (const row of rows) {
    if (bytes > all / 2) break
    bytes += row.bytes
    for (const id of row.containers) found.add(id)
  }
  return [...found]
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { docker } from '../../../src/engine/docker-cli.ts'
import { inputTag } from '../../../src/images/definition.ts'
import { traefikImage } from '../../../src/images/traefik.ts'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { type EdgeKind, type EntryPoint, LISTENS } from './operator-edges.ts'

/** Labels by which a Traefik of the tests knows what is meant for it: the test, and the lot. */
export const MARK = 'cc-ci-test.routes'

/** A Traefik that runs, and its ports on this machine. */
export interface Running {
  readonly kind: EdgeKind
  readonly ports: Readonly<Record<EntryPoint, number>>
}

/** Starts such a Traefik in the network `id`, for services that are marked with it and with one of the lots. Waits until it has so many of their routers. */
export async function startEdge(
  kind: EdgeKind,
  {
    name,
    id,
    lots,
    needed,
  }: { readonly name: string; readonly id: string; readonly lots: readonly string[]; readonly needed: number },
): Promise<Running> {
  const only = lots.map((lot) => `Label(\`${MARK}.lot\`,\`${lot}\`)`).join(' || ')
  const providers = ['swarm', ...(kind.containers ? ['docker'] : [])]
  await docker(
    [
      ...['create', '--name', name, '--label', `${MARK}=${id}`],
      ...Object.values(LISTENS).flatMap((port) => ['--publish', `127.0.0.1::${port}`]),
      ...['--volume', '/var/run/docker.sock:/var/run/docker.sock:ro', inputTag(traefikImage())],
      ...Object.entries(LISTENS).map(([entryPoint, port]) => `--entryPoints.${entryPoint}.address=:${port}`),
      ...providers.flatMap((provider) => [
        `--providers.${provider}.network=${id}`,
        `--providers.${provider}.constraints=Label(\`${MARK}\`,\`${id}\`) && (${only})`,
      ]),
      ...['--providers.providersThrottleDuration=100ms', '--api.insecure=true', ...kind.args],
      // Whom it takes a request for is told by another answer than 404, and soon.
      ...['--serversTransport.forwardingTimeouts.dialTimeout=200ms', '--tcpServersTransport.dialTimeout=200ms'],
      ...['--global.checkNewVersion=false', '--global.sendAnonymousUsage=false'],
    ],
    { timeoutMs: 300_000 },
  )
  if (kind.file !== undefined) await give(name, kind.file)
  // In the network of the addresses, so that no request leaves the machine.
  await docker(['network', 'connect', id, name])
  await docker(['start', name], { timeoutMs: 300_000 })
  const { stdout } = await docker(['container', 'inspect', '--format', '{{json .NetworkSettings.Ports}}', name])
  const published = z.record(z.string(), z.array(z.object({ HostPort: z.string() }))).parse(JSON.parse(stdout))
  const ports = Object.fromEntries(
    Object.entries(LISTENS).map(([entryPoint, port]) => [entryPoint, Number(published[`${port}/tcp`]?.[0]?.HostPort)]),
  )
  const running = { kind, ports: ports as Running['ports'] }
  const ready = await waitFor<true, never>(
    async () => {
      const found = await Promise.all(providers.map((provider) => routersAt(running, provider)))
      return (found[0]?.length ?? 0) >= needed && found.every((routers) => routers.length > 0)
        ? { state: 'ready', value: true }
        : { state: 'waiting', reason: `${found.map((routers) => routers.length).join(' and ')} routers` }
    },
    { name: 'Traefik to have its routers', timeoutMs: 180_000, everyMs: 200 },
  )
  if (ready.state !== 'ready') throw new Error(`no routers: ${JSON.stringify(ready)}`)
  return running
}

/** Puts this into the file that it reads. */
async function give(container: string, text: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cc-ci-routes-'))
  try {
    await writeFile(join(folder, 'operator.yml'), text)
    await docker(['cp', join(folder, 'operator.yml'), `${container}:/operator.yml`])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Names of the routers that are in use, of one provider. */
export async function routersAt({ ports }: Running, provider: string): Promise<string[]> {
  try {
    const answer = await fetch(`http://127.0.0.1:${ports.traefik}/api/http/routers?per_page=2000`)
    const all = z.array(z.object({ name: z.string(), provider: z.string() })).parse(await answer.json())
    return all.filter((router) => router.provider === provider).map(({ name }) => name)
  } catch {
    // Nothing listens yet; the wait has the deadline.
    return []
  }
}

/** Addresses to which this Traefik sends what it takes. */
export async function calledBy({ ports }: Running): Promise<string[]> {
  const services = z.array(z.object({ loadBalancer: z.object({ servers: z.array(server).nullish() }).nullish() }))
  const asked = ['http', 'tcp'].map(async (protocol) => {
    const answer = await fetch(`http://127.0.0.1:${ports.traefik}/api/${protocol}/services?per_page=2000`)
    return services.parse(await answer.json()).flatMap(({ loadBalancer }) => loadBalancer?.servers ?? [])
  })
  return (await Promise.all(asked)).flat().flatMap(({ url, address }) => url ?? address ?? [])
}

const server = z.object({ url: z.string().optional(), address: z.string().optional() })

/** Status and body of the answer, or why there is none. */
export function answers({ ports }: Running, entryPoint: EntryPoint, host: string, path = '/'): Promise<string> {
  const options = { host: '127.0.0.1', port: ports[entryPoint], path, headers: { host }, agent: false, timeout: 60_000 }
  const servername = host.replace(/\.$/, '')
  return new Promise((resolve) => {
    const asked =
      entryPoint === 'web-secure' ? secure({ ...options, servername, rejectUnauthorized: false }) : plain(options)
    asked.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      response.on('end', () => resolve(`${response.statusCode} ${body.trim()}`))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', (error) => resolve(`error ${error.message}`))
    asked.end()
  })
}

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { understandText } from '../engine/answer.ts'
import { tryDocker } from '../engine/docker-cli.ts'
import { fromEnvironment } from '../lib/environment.ts'
import { InfraError, UsageError } from '../lib/errors.ts'
import { ownContainer } from './own-container.ts'

/** The one edge of a machine: a real Traefik in a container of this name. */
export const EDGE_CONTAINER = 'cc-ci-edge'

/** The overlay network on which Co-op Cloud apps meet their proxy. */
export const PROXY_NETWORK = 'proxy'

/** Labels of the edge's container: what it was made from, and the authority that signed its certificate (base64 of PEM). */
export const EDGE_LABELS = { role: 'cc-ci.role', inputs: 'cc-ci.edge.inputs', authority: 'cc-ci.edge.ca' } as const

/** Environment of the edge's container: the password of its API. Not a label, because labels stand in the events of the engine. */
export const EDGE_KEY = 'CC_CI_EDGE_KEY'

/** Ports inside the container. */
export const EDGE_PORTS = { http: 80, https: 443, api: 8080 } as const

/** How to reach apps through Traefik: always this address, with the app's domain as host name and server name. */
export interface EdgeAddress {
  readonly host: string
  readonly httpsPort: number
  /** Null when only the HTTPS port of a foreign Traefik is known. */
  readonly httpPort: number | null
  /** Traefik's API, over TLS; null when a foreign Traefik is used. */
  readonly apiPort: number | null
  /** What the API wants to hear; it listens where apps are, too. Never shown. */
  readonly apiKey?: string
  /** Where a foreign Traefik has its API, as CC_CI_EDGE_API says; null or absent: nobody said. With a password, perhaps: never shown. */
  readonly foreignApi?: string | null
  /** Reference of the image that the edge runs. Absent: a foreign Traefik. */
  readonly image?: string
  /** PEM of the authority to trust; null: the system's authorities, or none known. */
  readonly ca: string | null
}

/**
 * Asks the engine which ports the edge has; they stay as long as the container does. A container on the network of the apps reaches it there, and nothing
 * that is published on the loopback of the machine. `CC_CI_EDGE=host:port` names an existing
 * Traefik instead, `CC_CI_EDGE_CA` a PEM file to trust, `CC_CI_EDGE_API` where its API is. Throws InfraError `edge-missing`, UsageError
 * `bad-edge`, `bad-edge-api`.
 */
export async function edgeAddress(): Promise<EdgeAddress> {
  const foreign = foreignEdge()
  if (foreign) return foreign
  const found = await inspectEdge()
  if (!found?.running) {
    throw new InfraError(
      'edge-missing',
      found ? 'the edge does not run' : 'this machine has no edge (Traefik) of cc-ci',
      {
        hint: "Run 'cc-ci engine up', or set CC_CI_EDGE=host:port to an existing Traefik.",
      },
    )
  }
  const { image, ports, labels, apiKey, proxyAddress } = found
  const ca = Buffer.from(labels[EDGE_LABELS.authority] ?? '', 'base64').toString()
  const beside = proxyAddress !== '' && ((await ownContainer())?.networks.includes(PROXY_NETWORK) ?? false)
  const { http, https, api } = beside ? EDGE_PORTS : ports
  return {
    host: beside ? proxyAddress : '127.0.0.1',
    httpsPort: https,
    httpPort: http,
    apiPort: api,
    apiKey,
    image,
    ca: ca || null,
  }
}

/** The Traefik that CC_CI_EDGE names, or null. */
export function foreignEdge(env: NodeJS.ProcessEnv = process.env): EdgeAddress | null {
  const text = fromEnvironment('CC_CI_EDGE', env)
  const authority = fromEnvironment('CC_CI_EDGE_CA', env)
  const api = fromEnvironment('CC_CI_EDGE_API', env)
  if (!text) return null
  const [, host, port] = /^([\w.-]+|\[[0-9a-f:]+\]):(\d{1,5})$/i.exec(text) ?? []
  if (!host || !port || Number(port) < 1 || Number(port) > 65535) {
    throw new UsageError('bad-edge', `CC_CI_EDGE is "${text}"`, {
      hint: 'Write host:port, the HTTPS port of a Traefik on the proxy network.',
    })
  }
  return {
    host: host.replace(/^\[|\]$/g, ''),
    httpsPort: Number(port),
    httpPort: null,
    apiPort: null,
    ...(api ? { foreignApi: understoodApi(api) } : {}),
    ca: authority ? readFileSync(authority, 'utf8') : null,
  }
}

/** The value may have a password in it: it is not quoted. */
function understoodApi(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const plain = url?.protocol === 'http:' && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname)
  const through = url?.protocol === 'https:' && url.port === ''
  if (url && (plain || through) && url.pathname === '/' && url.search === '' && url.hash === '') return url.href
  throw new UsageError('bad-edge-api', 'CC_CI_EDGE_API is no address of an API of Traefik', {
    hint: 'Write https://USER:PASSWORD@HOST, which is asked at the address of CC_CI_EDGE, or http://127.0.0.1:PORT on this machine.',
  })
}

export interface EdgeContainer {
  readonly running: boolean
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly networks: readonly string[]
  /** Its address in the network of the apps; empty while it does not run. */
  readonly proxyAddress: string
  readonly ports: { readonly http: number; readonly https: number; readonly api: number }
  /** Empty for an edge of an earlier cc-ci. */
  readonly apiKey: string
  /** How often it has ended by itself since it was made, and the engine started it again. */
  readonly restarts: number
  /** When it last ended, ISO 8601; long ago for one that never did. */
  readonly endedAt: string
}

/** The container called EDGE_CONTAINER as it is, or null. */
export async function inspectEdge(): Promise<EdgeContainer | null> {
  const answer = await tryDocker(['container', 'inspect', EDGE_CONTAINER])
  if (answer.exitCode !== 0) return null
  const [container] = understandText(answer.stdout, inspected.parse, 'docker container inspect')
  if (!container) return null
  const { State, Config, NetworkSettings, RestartCount } = container
  const port = (inside: number) => Number(NetworkSettings.Ports?.[`${inside}/tcp`]?.[0]?.HostPort ?? 0)
  return {
    running: State.Running,
    image: Config.Image,
    labels: Config.Labels ?? {},
    networks: Object.keys(NetworkSettings.Networks ?? {}),
    proxyAddress: NetworkSettings.Networks?.[PROXY_NETWORK]?.IPAddress ?? '',
    ports: { http: port(EDGE_PORTS.http), https: port(EDGE_PORTS.https), api: port(EDGE_PORTS.api) },
    apiKey: Config.Env?.find((line) => line.startsWith(`${EDGE_KEY}=`))?.slice(EDGE_KEY.length + 1) ?? '',
    restarts: RestartCount,
    endedAt: State.FinishedAt ?? '',
  }
}

const inspected = z.array(
  z.object({
    State: z.object({ Running: z.boolean(), FinishedAt: z.string().nullish() }),
    RestartCount: z
      .number()
      .nullish()
      .transform((count) => count ?? 0),
    Config: z.object({
      Image: z.string(),
      Labels: z.record(z.string(), z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
    }),
    NetworkSettings: z.object({
      Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullish()).nullish(),
      Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() })).nullish(),
    }),
  }),
)

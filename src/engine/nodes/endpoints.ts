import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromEnvironment } from '../../lib/environment.ts'
import { InfraError, messageOf, UsageError } from '../../lib/errors.ts'
import { Connection, type Transport } from '../connection.ts'

/** Where the engine of another node of the Swarm is reached. */
export interface NodeEndpoint {
  /** Host name or id of the node. */
  readonly node: string
  /** `unix:///run/cc-ci-nodes/n2.sock`, `tcp://10.0.0.3:2376`. */
  readonly host: string
}

const ALLOWED = 'NAME=unix:///PATH or NAME=tcp://HOST:PORT, comma separated; NAME is the host name or the id of a node'

/** The endpoints of CC_CI_NODES, in its order. Throws UsageError `bad-nodes`. */
export function nodeEndpoints(text: string = fromEnvironment('CC_CI_NODES') ?? ''): readonly NodeEndpoint[] {
  const parts = text.split(',').map((part) => part.trim())
  const endpoints = parts.filter((part) => part !== '').map(endpointOf)
  const twice = endpoints.find(({ node }, index) => endpoints.findIndex((other) => other.node === node) !== index)
  if (twice) throw badNodes(`names ${twice.node} twice`)
  return endpoints
}

function endpointOf(part: string): NodeEndpoint {
  const [, node, host] = /^([\w.-]+)=((?:unix:\/\/\/|tcp:\/\/)[^\s,]+)$/.exec(part) ?? []
  if (node === undefined || host === undefined) throw badNodes(`says "${part}"`)
  if (host.startsWith('tcp:') && !/^tcp:\/\/(?:\[[0-9a-fA-F:]+\]|[^:/[\]]+):\d{1,5}\/?$/.test(host))
    throw badNodes(`says "${part}", which is no host and port`)
  return { node, host }
}

/** `what` follows the name of the variable. */
function badNodes(what: string): UsageError {
  return new UsageError('bad-nodes', `CC_CI_NODES ${what}`, {
    hint: `Allowed: ${ALLOWED}. By ssh, forward its socket: ssh -N -L /run/cc-ci-nodes/n2.sock:/var/run/docker.sock n2.`,
  })
}

/** A connection that is not tried yet. By TCP with TLS where DOCKER_TLS_VERIFY says so, with the files of DOCKER_CERT_PATH: as for DOCKER_HOST. */
export async function dialNode({ node, host }: NodeEndpoint): Promise<Connection> {
  const { default: Docker } = await import('dockerode')
  const socket = /^unix:\/\/(.*)$/.exec(host)?.[1]
  const options =
    socket === undefined ? { ...tcpOf(host), ...tlsFor(node) } : { ...NOT_OF_DOCKER_HOST, socketPath: socket }
  return new Connection(new Docker(options).modem as Transport)
}

/** What the transport takes from DOCKER_HOST and its certificates where an option is left out, also beside the path of a socket. */
const NOT_OF_DOCKER_HOST = {
  host: undefined,
  port: undefined,
  protocol: 'http',
  ca: undefined,
  cert: undefined,
  key: undefined,
} as const

function tcpOf(host: string): { readonly host: string; readonly port: number; readonly protocol: 'http' | 'https' } {
  const { hostname, port } = new URL(host.replace(/^tcp:/, 'http:'))
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 80),
    protocol: process.env.DOCKER_TLS_VERIFY ? 'https' : 'http',
  }
}

function tlsFor(node: string): object {
  if (!process.env.DOCKER_TLS_VERIFY) return {}
  const folder = process.env.DOCKER_CERT_PATH ?? join(process.env.HOME ?? '/root', '.docker')
  try {
    const read = (name: string) => readFileSync(join(folder, name))
    return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') }
  } catch (error) {
    throw new InfraError('engine-unreachable', `no certificates for the engine of node ${node}: ${messageOf(error)}`, {
      hint: 'Set DOCKER_CERT_PATH to a folder with ca.pem, cert.pem and key.pem that all engines take.',
    })
  }
}

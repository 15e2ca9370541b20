import { PROXY_NETWORK } from '../edge/address.ts'
import type { TestCertificate } from '../edge/certificate.ts'
import { type Engine, RUN_LABEL, STACK_LABEL } from '../engine/client.ts'
import { connectContainer, createContainer, startContainer, unpackInto } from '../engine/containers.ts'
import { mountedSocket } from '../engine/endpoint.ts'
import { inputTag } from '../images/definition.ts'
import { traefikImage } from '../images/traefik.ts'
import { InternalError } from '../lib/errors.ts'
import type { SandboxOptions } from './contract.ts'
import { portArguments, portRoutes } from './gate-ports.ts'
import type { SandboxNames } from './names.ts'
import { tarOf } from './tar-write.ts'

const MIB = 1024 ** 2

export interface GateOptions extends Pick<SandboxOptions, 'runId' | 'stack' | 'domain' | 'also' | 'ports'> {
  readonly names: SandboxNames
  readonly certificate: TestCertificate
}

/** Starts the gate: a Traefik that knows the services of these stacks and no others, under the names of their domains, and the ports that the app publishes. */
export async function startGate(engine: Engine, options: GateOptions): Promise<void> {
  const { names, runId, domain, also, certificate } = options
  const { connection } = engine
  const aliases = [domain, ...also.map((other) => other.domain)]
  const id = await createContainer(connection, names.gate, {
    Image: inputTag(traefikImage()),
    Cmd: [...gateArguments([options.stack, ...also.map(({ stack }) => stack)]), ...portArguments(options)],
    Labels: { [RUN_LABEL]: runId, 'cc-ci.role': 'gate' },
    HostConfig: {
      NetworkMode: names.network,
      CapDrop: ['ALL'],
      CapAdd: ['NET_BIND_SERVICE'],
      SecurityOpt: ['no-new-privileges'],
      // It stands in two networks and is no way from one into the other.
      Sysctls: { 'net.ipv4.ip_forward': '0' },
      Binds: [`${mountedSocket()}:/var/run/docker.sock:ro`],
      Memory: 512 * MIB,
      PidsLimit: 256,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '1' } },
    },
    NetworkingConfig: { EndpointsConfig: { [names.network]: { Aliases: aliases } } },
  })
  await unpackInto(connection, id, '/', gateFiles(certificate, portRoutes(options)))
  await connectContainer(connection, id, { name: PROXY_NETWORK, aliases: [] })
  await startContainer(connection, id)
}

function gateArguments(stacks: readonly string[]): string[] {
  return [
    '--providers.swarm=true',
    '--providers.swarm.exposedByDefault=false',
    `--providers.swarm.network=${PROXY_NETWORK}`,
    '--providers.swarm.refreshSeconds=1',
    `--providers.swarm.constraints=${stacks.map(only).join(' || ')}`,
    '--providers.providersThrottleDuration=250ms',
    '--providers.file.directory=/gate/routes',
    '--entryPoints.web.address=:80',
    '--entryPoints.web-secure.address=:443',
    '--entryPoints.web-secure.http.tls=true',
    '--global.checkNewVersion=false',
    '--global.sendAnonymousUsage=false',
  ]
}

function only(stack: string): string {
  if (!/^[\w.-]+$/.test(stack)) throw new InternalError('bad-stack-name', `"${stack}" is no name of a stack`)
  return `Label(\`${STACK_LABEL}\`,\`${stack}\`)`
}

function gateFiles({ certificate, key }: TestCertificate, ports: string): Buffer {
  return tarOf([
    { path: 'gate/leaf.pem', bytes: Buffer.from(certificate) },
    { path: 'gate/leaf.key', bytes: Buffer.from(key) },
    { path: 'gate/routes/tls.yml', bytes: Buffer.from(TLS) },
    { path: 'gate/routes/ports.yml', bytes: Buffer.from(ports) },
  ])
}

const TLS = `tls:
  stores:
    default:
      defaultCertificate: { certFile: /gate/leaf.pem, keyFile: /gate/leaf.key }
`

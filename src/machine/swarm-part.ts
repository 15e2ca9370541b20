import { z } from 'zod'
import { PROXY_NETWORK } from '../edge/address.ts'
import { understandText } from '../engine/answer.ts'
import { docker, tryDocker } from '../engine/docker-cli.ts'
import { fromEnvironment } from '../lib/environment.ts'
import { impossible, type MachinePart, missing, ok, type PartState, type RepairContext } from './part.ts'
import { dropRecord, readMachineRecord, writeMachineRecord } from './records.ts'

/** Large enough for thousands of tasks; the first that clashes with nothing is taken. */
const SUBNETS = ['10.100.0.0/16', '10.211.0.0/16', '172.29.0.0/16', '192.168.192.0/18']

/**
 * For one node: its manager and its gossip listen on loopback alone. Packets of overlay networks (UDP 4789) are the kernel's, and it takes them on every
 * address: the guide has the rule for the firewall. A Swarm of several nodes is made by hand before, and left as it is.
 */
const ALONE = ['--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:2377', '--data-path-addr', '127.0.0.1']

export const swarmPart: MachinePart = {
  id: 'swarm',
  title: 'Swarm',
  action: 'make this machine a one-node Swarm (docker swarm init)',
  needs: ['engine'],
  remedy: 'On a machine of its own: docker swarm init. On a worker: set DOCKER_HOST to a manager.',
  inspect: inspectSwarm,
  async repair({ state }) {
    await docker(['swarm', 'init', ...ALONE], { timeoutMs: 5 * 60_000 })
    writeMachineRecord(state, 'swarm', { nodeId: (await swarmInfo())?.NodeID ?? '' })
  },
}

export const proxyPart: MachinePart = {
  id: 'proxy',
  title: 'Network proxy',
  action: `create the overlay network ${PROXY_NETWORK}`,
  needs: ['swarm'],
  remedy: `docker network create --driver overlay --attachable --subnet ${SUBNETS[0]} ${PROXY_NETWORK}; or set CC_CI_EDGE=host:port to the Traefik you have`,
  inspect: inspectProxy,
  repair: createProxy,
}

async function inspectSwarm(): Promise<PartState> {
  const info = await swarmInfo()
  if (!info) return missing('no engine answers')
  if (info.LocalNodeState === 'active') {
    return info.ControlAvailable
      ? ok(`manager, ${info.Nodes ?? 1} node(s)`)
      : impossible('this node is a worker: only a manager can deploy')
  }
  return info.LocalNodeState === 'inactive'
    ? missing('in no Swarm')
    : impossible(`the Swarm is ${info.LocalNodeState}: ${info.Error ?? ''}`)
}

async function inspectProxy(): Promise<PartState> {
  const answer = await tryDocker(['network', 'inspect', PROXY_NETWORK])
  if (answer.exitCode !== 0) return missing('not there')
  const [network] = understandText(answer.stdout, networks.parse, 'docker network inspect')
  if (network?.Driver !== 'overlay')
    return impossible(`a network ${PROXY_NETWORK} exists but is ${network?.Driver}, not overlay`)
  const subnet = network.IPAM?.Config?.[0]?.Subnet ?? ''
  if (network.Attachable || fromEnvironment('CC_CI_EDGE')) return ok(`overlay ${subnet}`)
  return impossible(`the network ${PROXY_NETWORK} was made by someone else and takes no containers (not attachable)`)
}

async function createProxy({ state }: RepairContext): Promise<void> {
  const create = (subnet: string) => [
    'network',
    'create',
    '--driver',
    'overlay',
    '--attachable',
    '--label',
    'cc-ci.role=proxy',
    '--subnet',
    subnet,
    PROXY_NETWORK,
  ]
  for (const subnet of SUBNETS.slice(0, -1)) {
    const made = await tryDocker(create(subnet))
    if (made.exitCode === 0) return writeMachineRecord(state, 'proxy', { networkId: made.stdout.trim() })
    if (!/overlap|in use|pool/i.test(made.stderr)) break
  }
  const made = await docker(create(SUBNETS.at(-1) as string))
  writeMachineRecord(state, 'proxy', { networkId: made.stdout.trim() })
}

/** Removes the proxy network if cc-ci made it. True when it did. */
export async function removeProxy(state: string): Promise<boolean> {
  const record = readMachineRecord(state, 'proxy')
  if (!record) return false
  const there = await tryDocker(['network', 'inspect', record.networkId])
  if (there.exitCode === 0) await docker(['network', 'rm', record.networkId])
  dropRecord(state, 'proxy')
  return true
}

/** Leaves the Swarm if cc-ci made it and this is still the same one. True when it did. */
export async function leaveSwarm(state: string): Promise<boolean> {
  const record = readMachineRecord(state, 'swarm')
  if (!record) return false
  if ((await swarmInfo())?.NodeID === record.nodeId) await docker(['swarm', 'leave', '--force'], { timeoutMs: 60_000 })
  dropRecord(state, 'swarm')
  return true
}

async function swarmInfo(): Promise<z.infer<typeof swarm> | null> {
  const answer = await tryDocker(['info', '--format', '{{json .Swarm}}'])
  if (answer.exitCode !== 0) return null
  return understandText(answer.stdout, swarm.parse, 'docker info')
}

const swarm = z.object({
  NodeID: z.string().nullish(),
  LocalNodeState: z.string(),
  ControlAvailable: z.boolean().nullish(),
  Error: z.string().nullish(),
  Nodes: z.number().nullish(),
})

const networks = z.array(
  z.object({
    Driver: z.string(),
    Attachable: z.boolean().nullish(),
    IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().nullish() })).nullish() }).nullish(),
  }),
)

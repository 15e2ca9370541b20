import { z } from 'zod'
import { InfraError } from '../lib/errors.ts'
import { randomId } from '../lib/ids.ts'
import { type Engine, RUN_LABEL, STACK_LABEL } from './client.ts'
import { converge } from './convergence/converge.ts'
import type { NetworkOptions } from './objects.ts'
import { machineKey, PersistentCache } from './persistent-cache.ts'
import { describe, removeStack } from './removal.ts'

export interface VipProbe {
  readonly carry: boolean
  /** What was seen, for a person. */
  readonly evidence: string
}

export interface VipOptions {
  /** An image with `sh`, `timeout` and busybox's `nc`. */
  readonly toolboxImage: string
  readonly runId: string
  /** Remembers the answer until the machine or the engine is another. Default: asks each time. */
  readonly cacheFile?: string
}

const probed = z.object({ carry: z.boolean(), evidence: z.string() })

const DEADLINE_MS = 20_000
const PORT = 7946
const GREETING = 'cc-ci-probe'
const FIND_NC = 'NC=nc; command -v busybox >/dev/null && NC="busybox nc"'
/** Until when a probe may continue, in epoch ms: later it is what a killed process left. */
const UNTIL_LABEL = 'cc-ci.probe-until'
/** Longer than all its waits. */
const LONGEST_MS = 10 * 60_000
const MISSING = 'usually a kernel without IPVS, where ingress ports carry nothing either'

/**
 * Whether a connection to a service's virtual address reaches its task, found by making one: a service on an overlay network and a
 * container that connects to it. No API says it. Removes what it made.
 */
export async function probeVips(engine: Engine, options: VipOptions): Promise<VipProbe> {
  const cache = options.cacheFile ? new PersistentCache(options.cacheFile, probed) : null
  const key = await machineKey(engine)
  const known = cache?.recall(key)
  if (known) return known
  const found = await probe(engine, options)
  cache?.remember(key, found)
  return found
}

async function probe(engine: Engine, { toolboxImage, runId }: VipOptions): Promise<VipProbe> {
  await sweepProbes(engine)
  const name = `cc-ci-vip-${randomId(8)}`
  const labels = { [RUN_LABEL]: runId, [STACK_LABEL]: name, [UNTIL_LABEL]: String(Date.now() + LONGEST_MS) }
  const network: NetworkOptions = { driver: 'overlay', attachable: true }
  const { objects } = engine
  try {
    await objects.createNetwork(name, labels, network)
    await objects.createService(listener(name, toolboxImage, labels, (await engine.info()).nodeId))
    const up = await converge(engine, { stack: name, expected: [{ service: name }], timeoutMs: DEADLINE_MS })
    if (up.state !== 'ready') throw new InfraError('probe-failed', `the address probe did not run: ${up.cause.message}`)
    const direct = await connects(engine, { name, image: toolboxImage, labels, host: `tasks.${name}` })
    const byVip = await connects(engine, { name, image: toolboxImage, labels, host: name })
    if (byVip) return { carry: true, evidence: 'a connection to the virtual address of a service reached its task' }
    if (!direct)
      return { carry: false, evidence: 'the probe could reach its task neither by virtual address nor directly' }
    return { carry: false, evidence: `the task answers directly, its virtual address does not; ${MISSING}` }
  } finally {
    await takeAway(engine, name)
  }
}

/** Removes what probes left whose process was killed; gives their names. What cannot be removed now is left to the next who looks: it holds nobody up. */
export async function sweepProbes(engine: Engine): Promise<readonly string[]> {
  const networks = await engine.objects.list('network', UNTIL_LABEL)
  const dead = networks.filter(({ labels }) => Number(labels?.[UNTIL_LABEL]) < Date.now())
  const gone: string[] = []
  for (const { name } of dead) {
    const { left } = await removeStack(engine, { stack: name, runId: name, timeoutMs: DEADLINE_MS })
    if (left.total === 0) gone.push(name)
  }
  return gone
}

interface Attempt {
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly host: string
}

/** The listener greets, so that a connection that is only queued does not count. */
async function connects(engine: Engine, { name, image, labels, host }: Attempt): Promise<boolean> {
  const argv = ['sh', '-c', `${FIND_NC}; timeout 3 $NC -w 3 ${host} ${PORT} </dev/null`]
  const container = `${name}-${randomId(4)}`
  const result = await engine.run({ name: container, image, argv, labels, network: name, timeoutMs: DEADLINE_MS })
  return result.output.includes(GREETING)
}

function listener(name: string, image: string, labels: Readonly<Record<string, string>>, nodeId: string): object {
  const argv = ['sh', '-c', `${FIND_NC}; exec $NC -ll -p ${PORT} -e echo ${GREETING}`]
  return {
    Name: name,
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: { Image: image, Command: argv, Init: true, StopGracePeriod: 1 },
      Networks: [{ Target: name }],
      // Other nodes do not have the image.
      Placement: { Constraints: [`node.id==${nodeId}`] },
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: 'vip' },
  }
}

async function takeAway(engine: Engine, name: string): Promise<void> {
  const left = await removeStack(engine, { stack: name, runId: name, timeoutMs: DEADLINE_MS })
  if (left.left.total === 0) return
  throw new InfraError('removal-incomplete', `the address probe could not remove ${describe(left.left)}`)
}

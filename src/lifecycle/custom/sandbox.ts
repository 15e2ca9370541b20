import { join } from 'node:path'
import { PROXY_NETWORK } from '../../edge/address.ts'
import type { ResolvedStack } from '../../recipe/model.ts'
import type { CodeSide, Sandbox } from '../../sandbox/contract.ts'
import type { GatePort } from '../../sandbox/gate-ports.ts'
import { ownStack } from '../attached-app.ts'
import type { RunContext } from '../context.ts'
import { publishedPorts } from '../judging/regression.ts'
import { releasesOf } from '../planning/releases.ts'

/** The run's one sandbox, made when the first code is to run. */
export async function sandboxOf(context: RunContext): Promise<Sandbox> {
  const { resources, host, plan, runSignal, folder } = context
  // Loaded when it is needed: most runs have no code of their own.
  const { openSandbox } = await import('../../sandbox/open.ts')
  return resources.sandbox.get(() =>
    openSandbox(host.engine.home, {
      runId: plan.app.runId,
      stack: plan.app.stack,
      domain: plan.app.domain,
      ports: releasesOf(plan).flatMap(({ stack }) => reachablePorts(stack)),
      also: [...resources.deps.provided.values()].flatMap(({ reach }) => (reach ? [reach] : [])),
      prefix: ownStack(plan),
      code: codeFolders(context),
      signal: runSignal,
      log: (line) => context.events.append({ type: 'note', text: line }),
      tmp: join(folder.tmp, 'sandbox'),
    }),
  )
}

/** Only the sides that have code to run; a refused side is not even copied. */
function codeFolders({ plan }: RunContext): Partial<Record<CodeSide, string>> {
  const { found, admitted } = plan.custom
  const code = [
    ...admitted.functions.values(),
    ...admitted.specs,
    ...(admitted.installSteps ? [admitted.installSteps] : []),
  ]
  const sides = new Set(code.map(({ side }) => side))
  return Object.fromEntries(Object.entries(found.folders).filter(([side]) => sides.has(side as CodeSide)))
}

/** What a service on the network of the proxy publishes. The gate stands on no other of the app's networks. */
function reachablePorts(stack: ResolvedStack): GatePort[] {
  const { services, networks } = stack.model
  return publishedPorts(stack).flatMap(({ protocol, ...port }) => {
    const keys = Object.keys(services[port.service]?.networks ?? {})
    const proxied = keys.some((key) => (networks[key]?.name ?? key) === PROXY_NETWORK && networks[key]?.external)
    return proxied && (protocol === 'tcp' || protocol === 'udp') ? [{ ...port, protocol }] : []
  })
}

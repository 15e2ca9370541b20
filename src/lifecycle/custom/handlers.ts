import { z } from 'zod'
import type { Settings } from '../../config/settings.ts'
import { InfraError } from '../../lib/errors.ts'
import type { Operation } from '../../public/ctx.ts'
import type { RpcHandlers } from '../../sandbox/contract.ts'
import { healthPath } from '../app/request-paths.ts'
import type { RunContext } from '../context.ts'
import type { TierReporter } from '../reporter.ts'
import { callOnce } from './one-shot.ts'

/** Who asks: the tier that runs the code, and what its operation saw. */
export interface Caller {
  readonly context: RunContext
  readonly reporter: TierReporter
  readonly op: Operation | null
  /** Gets each line that the code wants to have logged. */
  readonly log: (line: string) => void
}

const MAX_LOG = 4000
const execShape = z.object({
  service: z.string().max(200),
  argv: z.array(z.string().max(100_000)).min(1).max(500),
  timeoutMs: z
    .number()
    .min(1)
    .max(30 * 60_000)
    .default(60_000),
  input: z.string().max(900_000).optional(),
})
const logsShape = z.object({ service: z.string().max(200) })
const depShape = z.object({ name: z.string(), method: z.string(), params: z.unknown() })

/** What code in the sandbox may ask about its own app, and nothing else: every parameter is a stranger's. */
export function appHandlers(caller: Caller): RpcHandlers {
  const { context, op } = caller
  const { plan, deployer, host, resources, signal } = context
  return {
    context: async () => ({
      domain: plan.app.domain,
      baseUrl: `https://${plan.app.domain}`,
      recipe: { name: plan.repo.name, version: plan.head.version, commit: plan.head.commit },
      config: configOf(context),
      deps: credentials(context),
      calls: Object.fromEntries([...resources.deps.provided].map(([name, { calls }]) => [name, Object.keys(calls)])),
      op,
    }),
    exec: async (params) => {
      const { service, argv, timeoutMs, input } = execShape.parse(params)
      refuseBeforeDeployment(context)
      const options = { timeoutMs: timeoutMs, signal, ...(input === undefined ? {} : { stdin: input }) }
      const { exitCode, stdout, stderr } = await deployer.exec(plan.app, service, argv, options)
      return { exitCode, stdout, stderr }
    },
    runOnce: (params) => callOnce(caller, params),
    logs: async (params) => {
      refuseBeforeDeployment(context)
      return serviceLog(context, logsShape.parse(params).service)
    },
    services: async () => {
      const services = await host.engine.services(plan.app.stack)
      return services.map(({ service, image, replicas }) => ({
        service,
        image: refOf(context, service, image),
        replicas,
      }))
    },
    log: async (params) => {
      caller.log(z.object({ text: z.string() }).parse(params).text.slice(0, MAX_LOG))
      return null
    },
    dep: async (params) => {
      const { name, method, params: inner } = depShape.parse(params)
      const calls = resources.deps.provided.get(name)?.calls ?? {}
      const call = Object.hasOwn(calls, method) ? calls[method] : undefined
      if (!call) throw new InfraError('no-such-call', `the dependency ${name} has no ${method}()`)
      return call(inner)
    },
  }
}

/** What each dependency of this run gave, by name. */
export function credentials({ resources }: RunContext): Record<string, Readonly<Record<string, string>>> {
  return Object.fromEntries([...resources.deps.provided].map(([name, { credentials }]) => [name, credentials]))
}

/** With the path that is really asked, so that code need not know how the app is routed. */
function configOf({ plan }: RunContext): Settings {
  const { settings } = plan.custom.found
  const path = healthPath(plan, (plan.upgrade ?? plan.head).stack)
  return { ...settings, health: { ...settings.health, path } }
}

function refuseBeforeDeployment({ state }: RunContext): void {
  if (state.current) return
  throw new InfraError('not-deployed', 'nothing of the app is deployed yet', {
    hint: 'Before the deployment a hook can only prepare: `env`, `preInstall` and install-steps.sh have no container to run in.',
  })
}

/** The reference as the recipe wrote it, where the engine was given an id. */
function refOf({ state }: RunContext, service: string, image: string): string {
  return state.current?.images.find((row) => row.service === service)?.ref ?? image
}

async function serviceLog({ host, plan }: RunContext, service: string): Promise<string> {
  const found = await host.engine.service(`${plan.app.stack}_${service}`)
  if (!found) throw new InfraError('no-container', `the app has no service ${service}`)
  const tasks = (await host.engine.tasks(plan.app.stack)).filter(
    (task) => task.serviceId === found.id && task.containerId,
  )
  const texts = await Promise.all(
    tasks
      .slice(-3)
      .map(async ({ containerId }) =>
        (await host.engine.container(containerId ?? ''))
          ? host.engine.containerLogs(containerId ?? '', { maxBytes: 256 * 1024 })
          : '',
      ),
  )
  return texts.join('').slice(-700_000)
}

import { formatSize } from '../../lib/text/size.ts'
import type { ComposeModel, ComposeService, ResolvedStack } from '../model.ts'
import type { PolicyProblem } from './policy.ts'
import { filledBytes, type ValueSizes } from './templates.ts'

/**
 * What the engine may hold of configs and secrets for all containers of a stack together, in bytes. It keeps each of them in memory, once for each container, which no limit of a container
 * counts; recipes have some kilobytes.
 */
const MOST = 128 * 1024 ** 2

/** What a field of the task prints as, labels left out, with what formats write around each of them. */
const FIELDS = 4096
const FORMATTED = 14

/** One problem where the containers are given more than `MOST`, at the service that is given most. */
export function mountedFiles(stack: ResolvedStack): PolicyProblem[] {
  const sizes = valueSizes(stack)
  const given = Object.entries(stack.model.services).map(([name, service]) => ({
    name,
    bytes: Math.max(1, service.deploy?.replicas ?? 1) * bytesOf(service, stack, sizes),
  }))
  const all = given.reduce((sum, { bytes }) => sum + bytes, 0)
  if (all <= MOST) return []
  const [most] = given.sort((a, b) => b.bytes - a.bytes)
  const message = `the stack has the engine keep up to ${formatSize(all)} of configs and secrets in memory for its containers; one recipe may have ${formatSize(MOST)}. Most of it is for service ${most?.name}`
  return [{ code: 'host-setting', path: ['services', most?.name ?? ''], message }]
}

function bytesOf(service: ComposeService, stack: ResolvedStack, sizes: ValueSizes): number {
  const files = (['configs', 'secrets'] as const).flatMap((section) =>
    (service[section] ?? []).map(({ source }) => {
      const key = `${section}.${source}`
      const text = stack.templates?.get(key)?.text ?? null
      return text === null ? (stack.mountedBytes?.get(key) ?? 0) : filledBytes(text, sizes)
    }),
  )
  const variables = Object.entries(service.environment ?? {}).map(([name, value]) => {
    const text = `${name}=${value}`
    return text.includes('{{') ? filledBytes(text, sizes) : 0
  })
  return [...files, ...variables].reduce((sum, bytes) => sum + bytes, 0)
}

/** The longest that any template of the stack can name. */
function valueSizes({ model, mountedBytes = new Map() }: ResolvedStack): ValueSizes {
  const services = Object.values(model.services)
  const variables = services.flatMap(({ environment = {} }) => Object.values(environment))
  const longest = (section: string) =>
    [...mountedBytes].reduce((most, [key, bytes]) => (key.startsWith(`${section}.`) ? Math.max(most, bytes) : most), 0)
  return {
    env: variables.reduce((most, value) => Math.max(most, Buffer.byteLength(String(value ?? ''))), 0),
    secret: longest('secrets'),
    config: longest('configs'),
    context: FIELDS + FORMATTED * labelBytes(model),
  }
}

function labelBytes({ services }: ComposeModel): number {
  const all = Object.values(services).map(({ deploy }) => Buffer.byteLength(JSON.stringify(deploy?.labels ?? {})))
  return all.reduce((most, bytes) => Math.max(most, bytes), 0)
}

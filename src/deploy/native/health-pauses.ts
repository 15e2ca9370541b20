import type { ComposeService } from '../../recipe/model.ts'
import { MIN_INTERVAL } from '../../recipe/policy/settings.ts'
import type { PreparedRelease } from '../deployer.ts'

const KEYS = ['interval', 'start_interval'] as const

/**
 * The pauses between looks of a health check that an image brings along, where they are shorter than a recipe may ask for: for each look the engine starts a program. What the
 * recipe says itself was judged before, and counts.
 */
export function withHealthPauses(
  name: string,
  service: ComposeService,
  image: ReturnType<PreparedRelease['images']['get']>,
  accommodations: string[],
): ComposeService {
  const short = KEYS.filter((key) => {
    const pause = image?.healthPauses?.[key] ?? 0
    return pause > 0 && pause < MIN_INTERVAL && service.healthcheck?.[key] === undefined
  })
  if (short.length === 0 || service.healthcheck?.disable === true) return service
  const pause = `${MIN_INTERVAL / 1e6}ms`
  accommodations.push(`service ${name}: the health check of its image looks every ${pause}, not more often`)
  const pauses = Object.fromEntries(short.map((key) => [key, pause]))
  return { ...service, healthcheck: { ...service.healthcheck, ...pauses } }
}

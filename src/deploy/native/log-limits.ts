import { parseBytes } from '../../recipe/compose/go-duration.ts'
import type { ComposeService } from '../../recipe/model.ts'

/** Files that a log is kept in: the older ones go as it grows. */
const FILES = 2

interface Logging {
  readonly driver?: string
  readonly options?: Readonly<Record<string, string>>
}

/**
 * A bound for the log that the engine keeps of each container, which has none of itself: a program that talks without end stops at it instead of
 * filling the disk. What the recipe says of a driver that keeps no files stays (`none`); a smaller bound of its own stays.
 */
export function withLogLimits(
  name: string,
  service: ComposeService,
  mostBytes: number,
  accommodations: string[],
): ComposeService {
  const { driver = 'json-file', options = {} } = (service.logging ?? {}) as Logging
  if (driver !== 'json-file' && driver !== 'local') return service
  const files = wholeNumber(options['max-file']) ?? FILES
  const size = parseBytes(options['max-size'] ?? '') ?? 0
  if (size > 0 && size * files <= mostBytes) return service
  accommodations.push(`service ${name}: the engine keeps at most ${mostBytes} bytes of its log (resources.log)`)
  const bounded = { 'max-size': String(Math.floor(mostBytes / FILES)), 'max-file': String(FILES) }
  return { ...service, logging: { driver, options: { ...options, ...bounded } } }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

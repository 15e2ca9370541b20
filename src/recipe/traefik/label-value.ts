import { parseGoDuration } from '../compose/go-duration.ts'
import type { ValueKind } from './label-table.ts'

/** The largest that any recipe needs; Traefik keeps those near its own largest for itself. */
const MAX_PRIORITY = 2 ** 31 - 1
/** Nanoseconds. An edge that looks at a service more often does little else. */
const MIN_PAUSE = 1e9

/** As much as the edge has of scratch space; people have been seen to write 200 MB. What several hold together the edge's own bounds are for. */
const MOST_MEMORY = 256 * 1024 ** 2
/** Without a pause between them, if the recipe says so. */
const MOST_ATTEMPTS = 100

/** Of bcrypt: each more doubles the work of the edge for one request; 14 is about a second. */
const MOST_COST = 14

/** What is allowed of the kinds for which nobody could guess it. */
export const ALLOWED: Partial<Readonly<Record<ValueKind, string>>> = {
  memory: `at most ${MOST_MEMORY} bytes`,
  attempts: `at most ${MOST_ATTEMPTS}`,
  users: `bcrypt of a cost of at most ${MOST_COST}`,
}

/** Whether a value is one that no reader has to know the app for; true for a kind that says nothing about that. */
export function isOrdinary(kind: ValueKind, value: string): boolean {
  switch (kind) {
    case 'path':
      // Relative to the service: `//elsewhere/` would be another host.
      return value === '' || /^\/(?![\\/])/.test(value)
    // Traefik writes both into the address of a task as they are: `80@elsewhere` and `http://elsewhere/?` would be other addresses. A word is no port, and does nothing.
    case 'port':
      return /^\w{0,20}$/.test(value)
    case 'scheme':
      return value === '' || /^(?:https?|h2c)$/i.test(value)
    case 'pause':
      // A number without a unit counts seconds.
      return value === '' || (parseGoDuration(/^\d+$/.test(value) ? `${value}s` : value) ?? 0) >= MIN_PAUSE
    case 'priority':
      return value === '' || (/^-?\d{1,10}$/.test(value) && Math.abs(Number(value)) <= MAX_PRIORITY)
    // Less than nothing is no bound, to Traefik.
    case 'memory':
      return value === '' || isWhole(value, MOST_MEMORY)
    case 'attempts':
      return value === '' || isWhole(value, MOST_ATTEMPTS)
    case 'users':
      return [...value.matchAll(/\$2[a-z]?\$(\d+)/gi)].every(([, cost]) => Number(cost) <= MOST_COST)
    case 'service':
    case 'middlewares':
      return value.split(',').every((name) => name.trim() === 'noop@internal' || !/@\s*internal/i.test(name))
    default:
      return true
  }
}

function isWhole(value: string, most: number): boolean {
  return /^\d{1,12}$/.test(value) && Number(value) <= most
}

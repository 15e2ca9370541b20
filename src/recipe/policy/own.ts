import { isForDocumentation, isNeighbour, isWithin, normalHost } from '../traefik/host.ts'

/** Whose stack is judged. */
export interface OwnNames {
  readonly domain: string
  readonly stack: string
  /** The edge serves others than apps under test: nothing there but what is named after the stack. */
  readonly strict: boolean
}

/** What cc-ci calls its own things that every app can see. */
const RESERVED = /^(?:ccci|cc-ci)(?:$|[-_.])/i
/** In the names of what belongs to an app under test. Traefik writes a hyphen for what is no letter and no digit. */
const UNDER_TEST = /(?:^|[._-])ci[._-]test(?![a-z0-9])/i

/** True for the name of a router, service or middleware at the edge, where all apps meet, that is or may be another's. */
export function isForeignName(name: string, { stack, strict }: OwnNames): boolean {
  const own = name.includes(stack) || name.includes(stack.replaceAll(/[^A-Za-z0-9]/g, '-'))
  return !own && (strict || RESERVED.test(name) || UNDER_TEST.test(name))
}

/** The only parts of a name that the engine may fill in for each task: none of them is a recipe's to choose. */
const FIELD = /\{\{ *\.(?:(?:Node|Service|Task)\.(?:ID|Name|Hostname|Slot)|Node\.Platform\.(?:Architecture|OS)) *\}\}/g

/**
 * True for a name with a template of the engine's in which there is more than fields of the task: `{{"ccci-restic"}}` is a name that nobody can read
 * before it is there.
 */
export function hidesName(name: string): boolean {
  return name.replace(FIELD, '').includes('{{')
}

/** True for a name on the shared network under which others are looked for: those of cc-ci's, of other apps, and hosts beside the app's own. */
export function isForeignHostName(given: string, { domain, stack }: OwnNames): boolean {
  if (hidesName(given)) return true
  // The name servers answer for `tasks.NAME` as for NAME.
  const name = given.replace(/^(?:tasks\.)+/i, '')
  if (isWithin(name, domain) || name.startsWith(stack)) return false
  return RESERVED.test(name) || UNDER_TEST.test(name) || (isNeighbour(name, domain) && !isForDocumentation(name))
}

/** Named after the stack, and not by cc-ci: what it makes for a run stands at `<stack>_ccci-…`. */
export function isOfStack(name: string, stack: string): boolean {
  return name.startsWith(`${stack}_`) && !isReservedKey(name.slice(stack.length + 1)) && !hidesName(name)
}

/** The same for what Swarm prefixes with the stack. */
export function isReservedKey(key: string): boolean {
  return /^ccci[-_]/i.test(key)
}

/** True for a whole name of the internet's, or of somebody's: the name servers of a network ask nobody else for one that an app of it has taken. */
export function isNameOfOthers(name: string, { domain, stack }: OwnNames): boolean {
  const plain = normalHost(name)
  const own = isWithin(plain, domain) || plain.startsWith(stack) || isForDocumentation(plain)
  return !own && plain.includes('.') && !plain.includes('{{')
}

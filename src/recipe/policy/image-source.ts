// cspell:ignore localdomain
import { isIP } from 'node:net'

/** Names that lead to the machine itself, or to who serves its settings. */
const NAMES =
  /(?:^|\.)localhost[46]?(?:\.localdomain[46]?)?$|^ip6-(?:localhost|loopback)$|^metadata(?:\.google\.internal)?$|^host\.docker\.internal$/

/**
 * True for an image that the engine is to fetch from its own machine or from its link: programs listen there that expect no strangers. Numbers are
 * read as resolvers do, `127.1` and `2130706433` are 127.0.0.1.
 */
export function registryOfThisMachine(image: string): boolean {
  const [first = '', ...rest] = image.split('/')
  if (rest.length === 0 || !(/[.:[]/.test(first) || first.toLowerCase() === 'localhost')) return false
  const host = hostOf(first)
  if (host === null) return false
  return isIP(host) === 0 ? NAMES.test(host) : isNear(host)
}

/** In lower case, an address in its usual form, without brackets. */
function hostOf(registry: string): string | null {
  const url = `http://${registry}/`
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '') : null
}

/** Loopback, this host, and the link. Four-part addresses are also written inside those of version 6. */
function isNear(address: string): boolean {
  const inside = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):[0-9a-f]{1,4}$/.exec(address)?.[1]
  if (inside !== undefined) {
    const high = Number.parseInt(inside, 16)
    return high >> 8 === 127 || high >> 8 === 0 || high === 0xa9fe
  }
  return /^(?:127\.|0\.|169\.254\.)/.test(address) || /^(?:::1?$|fe[89ab][0-9a-f]:)/.test(address)
}

/** Names that nobody has and nobody can get: they are kept for documentation (RFC 2606, RFC 6761), and recipes fill their `.env.sample` with them. */
const NOBODY = /(?:^|\.)(?:example\.(?:com|net|org)|example|invalid)$/

/** As Traefik compares it: in lower case, without the dot that ends a full name. */
export function normalHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

/** True for this domain and what lies below it. */
export function isWithin(host: string, domain: string): boolean {
  const name = normalHost(host)
  const own = normalHost(domain)
  return name === own || name.endsWith(`.${own}`)
}

/** True for a name that is kept for documentation. */
export function isForDocumentation(host: string): boolean {
  return NOBODY.test(normalHost(host))
}

/** True for the domain's neighbours and what they are neighbours in: where other apps are, or may be. */
export function isNeighbour(host: string, domain: string): boolean {
  const among = normalHost(domain).replace(/^[^.]*\.?/, '')
  return among !== '' && isWithin(host, among) && !isWithin(host, domain)
}

/** True for a plain name that is an app's to ask for: its own domain, what lies below it, or a name of nobody's. */
export function isOwnHost(host: string, domain: string): boolean {
  const name = normalHost(host)
  if (!/^[a-z0-9_.-]+$/.test(name)) return false
  return isWithin(name, domain) || (isForDocumentation(name) && !isNeighbour(name, domain))
}

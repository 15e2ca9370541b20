/** The entry points of the edge that cc-ci puts in front of apps. */
export const ENTRY_POINTS = { http: 'web', https: 'web-secure', api: 'traefik' } as const

/** True where the edge has an entry point of this name. */
export function isEntryPoint(name: string): boolean {
  return Object.values(ENTRY_POINTS).some((known) => known === name.trim().toLowerCase())
}

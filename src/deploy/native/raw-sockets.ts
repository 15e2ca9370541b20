import type { ComposeService } from '../../recipe/model.ts'

const CAPABILITY = 'NET_RAW'

/**
 * Takes the capability for raw packets away, which the engine gives to every container. With it one container tells the others of its networks
 * that it is their gateway, or the edge, and gets what was meant for those: apps of all runs meet on one network. What the recipe drops itself stays
 * dropped; where the operator allows it to add the capability, it has it.
 */
export function withoutRawSockets(
  name: string,
  service: ComposeService,
  allowed: boolean,
  accommodations: string[],
): ComposeService {
  const dropped = capabilities(service.cap_drop)
  const added = capabilities(service.cap_add)
  if (allowed || service.privileged === true) return service
  if ([...dropped, ...added].some((known) => known === CAPABILITY || known === 'ALL')) return service
  accommodations.push(`service ${name}: no raw packets (capability ${CAPABILITY}), as they can take what is for others`)
  return { ...service, cap_drop: [...((service.cap_drop as readonly string[] | undefined) ?? []), CAPABILITY] }
}

/** As the engine reads them: `cap_net_raw` is NET_RAW. */
function capabilities(list: unknown): string[] {
  return Array.isArray(list) ? list.map((entry) => String(entry).toUpperCase().replace(/^CAP_/, '')) : []
}

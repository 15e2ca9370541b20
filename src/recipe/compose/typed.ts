import type { ComposeModel, ComposeNamed, ComposeService } from '../model.ts'
import { type Data, type DataMap, isDataMap } from './source.ts'

/** The merged document as our type. Every value has passed the schema, and what the CLI leaves implicit is written out. */
export function toModel(stack: DataMap): ComposeModel {
  const section = (key: string) => asMap(stack[key]) as Record<string, ComposeNamed>
  return {
    ...(typeof stack.version === 'string' && stack.version !== '' ? { version: stack.version } : {}),
    services: Object.fromEntries(
      Object.entries(asMap(stack.services)).map(([name, service]) => [name, toService(asMap(service))]),
    ),
    networks: section('networks'),
    volumes: section('volumes'),
    secrets: section('secrets'),
    configs: section('configs'),
  }
}

function toService(service: DataMap): ComposeService {
  const ports = Array.isArray(service.ports) ? service.ports.filter(isDataMap).map(toPort) : undefined
  return { ...service, ...(ports ? { ports } : {}) } as ComposeService
}

function toPort(port: DataMap): DataMap {
  return { ...port, protocol: port.protocol || 'tcp', mode: port.mode || 'ingress' }
}

function asMap(value: Data | undefined): DataMap {
  return isDataMap(value) ? value : {}
}

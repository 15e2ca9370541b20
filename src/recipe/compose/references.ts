import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { checkDeployable, checkPublishedOnce } from './deploy-checks.ts'
import { type Data, type DataMap, isDataMap } from './source.ts'

/** Receives every problem with its path, and the path of the very name that is wrong where that is more. */
type ReportAt = (path: readonly string[], message: string, hint: string, at?: readonly string[]) => void

/** What services refer to must be defined in the same stack, and the CLI must be able to deploy it; it would say so half way through. */
export function checkReferences(stack: DataMap, report: ReportAt): void {
  const services = asMap(stack.services)
  if (Object.keys(services).length === 0) report(['services'], 'has no service', 'Add a service named app.')
  checkPublishedOnce(services, report)
  const definedIn = new Map(
    ['networks', 'secrets', 'configs', 'volumes'].map((section) => [
      section,
      new Set(Object.keys(asMap(stack[section]))),
    ]),
  )
  for (const [name, value] of Object.entries(services)) {
    const service = asMap(value)
    const path = ['services', name]
    const known = (section: string, names: string[], also: string[] = []) => {
      const defined = definedIn.get(section) ?? new Set()
      for (const used of names.filter((one) => !defined.has(one) && !also.includes(one))) {
        const hint = `Define it under ${section}: at the top level.${didYouMean(used, [...defined, ...also])}`
        report([...path, section], `uses "${used}", which is not defined`, hint, [...path, section, used])
      }
    }
    if (typeof service.image !== 'string' || service.image === '') report(path, 'has no image', 'Add image:.')
    checkDeployable(service, path, report)
    known('networks', Object.keys(asMap(service.networks)), ['default'])
    known('secrets', sourcesOf(service.secrets))
    known('configs', [...sourcesOf(service.configs), ...credentialConfigs(service.credential_spec)])
    known('volumes', volumesOf(service.volumes))
  }
}

function sourcesOf(value: Data | undefined): string[] {
  return entries(value).map(({ source = '' }) => String(source))
}

function credentialConfigs(value: Data | undefined): string[] {
  return isDataMap(value) && typeof value.config === 'string' ? [value.config] : []
}

function volumesOf(value: Data | undefined): string[] {
  const named = entries(value).filter(
    ({ type, source }) => type === 'volume' && typeof source === 'string' && source !== '',
  )
  return named.map(({ source }) => String(source))
}

function entries(value: Data | undefined): DataMap[] {
  return Array.isArray(value) ? value.filter(isDataMap) : []
}

function asMap(value: Data | undefined): DataMap {
  return isDataMap(value) ? value : {}
}

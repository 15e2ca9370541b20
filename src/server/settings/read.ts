import { readFileSync } from 'node:fs'
import { parseMaxBytes, parseOlderThan } from '../../history/retention/policy.ts'
import { messageOf, UsageError } from '../../lib/errors.ts'
import { parseDuration } from '../../lib/text/duration.ts'
import { parseSize } from '../../lib/text/size.ts'
import { FORGE_KINDS, type ForgeKind } from '../contract/forge.ts'
import type { ServerSettings } from '../contract/settings.ts'
import { parseSweepTimes } from './sweep-times.ts'
import { SERVER_SETTINGS, type ServerSetting, type ServerSettingKey } from './table.ts'

export interface ServerSettingsSource {
  readonly state: string
  /** By key of the table. */
  readonly flags: Readonly<Partial<Record<ServerSettingKey, string>>>
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The settings of the server: flag, then variable, then default. Throws UsageError `bad-server-settings` with every problem there is. */
export function readServerSettings({ state, flags, env }: ServerSettingsSource): ServerSettings {
  const problems: string[] = []
  const values = {} as Record<ServerSettingKey, string | null>
  for (const setting of SERVER_SETTINGS) {
    try {
      values[setting.key] = written(setting, flags[setting.key], env)
    } catch (error) {
      values[setting.key] = null
      problems.push(messageOf(error))
    }
  }
  const parsed = <T>(key: ServerSettingKey, read: (text: string) => T, otherwise: T): T => {
    const text = values[key]
    if (text === null) return otherwise
    try {
      return read(text)
    } catch (error) {
      problems.push(`${nameOf(key)}: ${messageOf(error)}`)
      return otherwise
    }
  }
  const settings: ServerSettings = {
    state,
    host: values.host ?? '',
    port: parsed('port', portOf, 0),
    proxies: parsed('proxies', proxiesOf, 0),
    publicUrl: parsed('publicUrl', originOf, ''),
    forgeKind: parsed('forgeKind', forgeKindOf, 'gitea'),
    forgeUrl: parsed('forgeUrl', urlOf, ''),
    forgeToken: values.forgeToken ?? '',
    webhookSecret: values.webhookSecret ?? '',
    operatorToken: values.operatorToken ?? '',
    databaseUrl: values.databaseUrl,
    workerMemoryBytes: parsed('workerMemoryBytes', parseSize, 0),
    runMemoryBytes: parsed('runMemoryBytes', someBytes, 1),
    runDeadlineMs: parsed('runDeadlineMs', someTime, 1),
    pollMs: parsed('pollMs', someTime, 1),
    pruneOlderThanMs: parsed('pruneOlderThanMs', limit(parseOlderThan), null),
    pruneMaxBytes: parsed('pruneMaxBytes', limit(parseMaxBytes), null),
    mirrorsMaxBytes: parsed('mirrorsMaxBytes', limit(parseMaxBytes), null),
    sweepAt: parsed('sweepAt', parseSweepTimes, null),
    sweepList: values.sweepList,
    oauth: oauthOf(values, problems),
    operatorOrganisation: values.operatorOrganisation,
  }
  if (problems.length > 0) {
    throw new UsageError('bad-server-settings', `the server cannot start:\n  ${problems.join('\n  ')}`, {
      hint: 'docs/reference/server-settings.md lists every setting.',
    })
  }
  return settings
}

function written(setting: ServerSetting, flag: string | undefined, env: ServerSettingsSource['env']): string | null {
  const text = flag ?? (setting.kind === 'secret' ? secretOf(setting, env) : env[setting.variable]) ?? setting.default
  if (!text) {
    if (!setting.required) return null
    const file = setting.kind === 'secret' ? ` or ${setting.variable}_FILE` : ''
    const orFlag = setting.flag ? ` (or --${setting.flag})` : ''
    throw new Error(`${setting.variable}${file}${orFlag} is missing: ${setting.description}`)
  }
  if (setting.atLeast && text.length < setting.atLeast)
    throw new Error(`${setting.variable} has ${text.length} characters; ${setting.atLeast} are the least`)
  return text
}

function secretOf({ variable }: ServerSetting, env: ServerSettingsSource['env']): string | undefined {
  const file = env[`${variable}_FILE`]
  if (file && env[variable]) throw new Error(`${variable} and ${variable}_FILE are both set; one of them is enough`)
  if (!file) return env[variable]
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Error(`${variable}_FILE cannot be read: ${messageOf(error)}`)
  }
}

function oauthOf(values: Record<ServerSettingKey, string | null>, problems: string[]): ServerSettings['oauth'] {
  const { oauthClientId: clientId, oauthClientSecret: clientSecret, operatorOrganisation } = values
  if (!clientId && !clientSecret) return null
  if (clientId && clientSecret && operatorOrganisation) return { clientId, clientSecret }
  const lacking = [
    ...(clientId ? [] : [nameOf('oauthClientId')]),
    ...(clientSecret ? [] : [nameOf('oauthClientSecret')]),
    ...(operatorOrganisation ? [] : [nameOf('operatorOrganisation')]),
  ]
  problems.push(`login by the forge needs ${lacking.join(' and ')} as well`)
  return null
}

function nameOf(key: ServerSettingKey): string {
  return SERVER_SETTINGS.find((setting) => setting.key === key)?.variable ?? key
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw new Error(`"${text}" is not a valid port (1–65535)`)
  return port
}

function proxiesOf(text: string): number {
  if (!/^\d$/.test(text)) throw new Error(`"${text}" is no count of proxies; 0 to 9`)
  return Number(text)
}

function forgeKindOf(text: string): ForgeKind {
  const kind = FORGE_KINDS.find((one) => one === text)
  if (kind) return kind
  throw new Error(`"${text}" is not a kind of forge; known: ${FORGE_KINDS.join(', ')}`)
}

/** Links of the pages begin at the root of their host. */
function originOf(text: string): string {
  const url = urlOf(text)
  if (url === new URL(url).origin) return url
  throw new Error(`"${text}" has a path; a server has a host name of its own, like https://ci.example.org`)
}

function urlOf(text: string): string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new Error(`"${text}" is no address like https://ci.example.org`)
  return url.href.replace(/\/+$/, '')
}

function someBytes(text: string): number {
  return moreThanNothing(parseSize(text), text)
}

function someTime(text: string): number {
  return moreThanNothing(parseDuration(text), text)
}

/** A limit of 0 would prune what has only just ended. */
function limit(read: (text: string) => number | null): (text: string) => number | null {
  return (text) => {
    const value = read(text)
    return value === null ? null : moreThanNothing(value, text)
  }
}

function moreThanNothing(value: number, text: string): number {
  if (value <= 0) throw new Error(`"${text}" is nothing; more than 0 is needed`)
  return value
}

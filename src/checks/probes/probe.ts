import type { Settings } from '../../config/settings.ts'

/** One entry of the setting `ready`. */
export type Probe = Settings['ready'][number]

/** What one look of a probe said: null is yes, a text is what was seen instead. */
export type ProbeLook = string | null

/** What it asks for, for a person: `db listens on 5432`. */
export function probeName(probe: Probe): string {
  if ('tcp' in probe) return `${probe.tcp.service} listens on ${probe.tcp.port}`
  if ('udp' in probe) {
    const { service, port, send } = probe.udp
    return `${service} ${send === undefined ? 'takes' : 'answers'} datagrams on ${port}`
  }
  if ('http' in probe) return `${probe.http.path} answers`
  if ('exec' in probe) return `${probe.exec.argv.join(' ').slice(0, 60)} in ${probe.exec.service} succeeds`
  return `the log of ${probe.log.service} says "${probe.log.contains.slice(0, 60)}"`
}

import { didYouMean } from '../nearest.ts'
import { fact } from './coop-cloud.ts'
import type { LintContext, LintFact } from './rule.ts'

const KNOWN = [
  'backupbot.backup',
  'backupbot.backup.pre-hook',
  'backupbot.backup.post-hook',
  'backupbot.restore',
  'backupbot.restore.pre-hook',
  'backupbot.restore.post-hook',
]
const OF_VOLUME = /^backupbot\.(?:backup|restore)\.volumes\.([^.]+)(\.path)?$/
const VERSION_1 = 'backupbot.backup.path'
const NONE = 'no service has backup labels'

interface Label {
  readonly service: string
  readonly name: string
  readonly value: string
}

/** CC05: Swarm tools read service labels; those under `labels:` are container labels, which they never see. */
export function misplacedLabels({ stack }: LintContext): LintFact[] {
  const services = Object.entries(stack.model.services)
  return services.map(([name, { labels }]) => {
    const lost = Object.keys((labels ?? {}) as object).filter((label) =>
      /^(backupbot|traefik|coop-cloud)\./.test(label),
    )
    const where = stack.place(['services', name, 'labels', lost[0] ?? ''])
    return fact(
      `service ${name}`,
      lost.length === 0,
      `has ${lost.join(', ')} under labels: instead of deploy.labels:`,
      where,
    )
  })
}

/** CC06: a misspelt label is silently no backup. */
export function unknownLabels(context: LintContext): LintFact[] | string {
  const labels = backupLabels(context).filter(({ name }) => name !== VERSION_1)
  if (labels.length === 0) return NONE
  return labels.map((label) => {
    const problem = problemOf(label, context)
    const where = context.stack.place(['services', label.service, 'deploy', 'labels', label.name])
    return fact(`${label.service}: ${label.name}`, problem === undefined, problem ?? '', where)
  })
}

/** CC07 */
export function versionOneLabels(context: LintContext): LintFact[] | string {
  const labels = backupLabels(context)
  if (labels.length === 0) return NONE
  const old = labels.filter(({ name }) => name === VERSION_1)
  if (old.length === 0) return [{ subject: 'labels' }]
  return old.map(({ service, name }) => {
    const where = context.stack.place(['services', service, 'deploy', 'labels', name])
    return fact(`${service}: ${name}`, false, 'is the syntax of backup-bot version 1', where)
  })
}

function backupLabels({ stack }: LintContext): Label[] {
  return Object.entries(stack.model.services).flatMap(([service, { deploy }]) =>
    Object.entries(deploy?.labels ?? {}).flatMap(([name, value]) =>
      name.startsWith('backupbot.') ? [{ service, name, value }] : [],
    ),
  )
}

function problemOf({ service, name, value }: Label, { stack }: LintContext): string | undefined {
  const volume = OF_VOLUME.exec(name)
  if (volume?.[1]) {
    const mounts = stack.model.services[service]?.volumes ?? []
    const names = mounts.flatMap(({ type, source }) => (type === 'volume' && source ? [source] : []))
    if (!names.includes(volume[1]))
      return `names the volume ${volume[1]}, which the service does not mount.${didYouMean(volume[1], names)}`
    if (volume[2] && value.split(',').some((path) => /^\/|(^|\/)\.\.(\/|$)/.test(path.trim()))) {
      return `has the path "${value}", but paths are relative to the top of the volume`
    }
    return undefined
  }
  if (!KNOWN.includes(name)) return `is not a label that backup-bot knows.${didYouMean(name, KNOWN)}`
  if (name === 'backupbot.backup' && !/^(true|false)$/i.test(value)) return `is "${value}"; write true or false`
  return undefined
}

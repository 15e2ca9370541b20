import { type BackupLabel, backupLabels } from '../stack/backup-labels.ts'
import { fact } from './coop-cloud.ts'
import type { LintContext, LintFact } from './rule.ts'

const NONE = 'no service has backup labels'

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
export function unknownLabels({ stack }: LintContext): LintFact[] | string {
  const labels = backupLabels(stack).filter(({ request }) => request.is !== 'version-1')
  return labels.length > 0 ? labels.map((label) => labelFact(label, stack)) : NONE
}

/** CC07 */
export function versionOneLabels({ stack }: LintContext): LintFact[] | string {
  const labels = backupLabels(stack)
  if (labels.length === 0) return NONE
  const old = labels.filter(({ request }) => request.is === 'version-1')
  return old.length > 0 ? old.map((label) => labelFact(label, stack)) : [{ subject: 'labels' }]
}

function labelFact({ service, key, problem }: BackupLabel, stack: LintContext['stack']): LintFact {
  const where = stack.place(['services', service, 'deploy', 'labels', key])
  return fact(`${service}: ${key}`, !problem, problem?.message ?? '', where)
}

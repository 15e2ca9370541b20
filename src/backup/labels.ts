import { formatLocation } from '../lib/text/source-location.ts'
import type { ComposeService, ResolvedStack } from '../recipe/model.ts'
import { BACKUP_PREFIX, type BackupLabel, backupLabels } from '../recipe/stack/backup-labels.ts'
import type { Finding } from '../verdict/events.ts'
import { finding } from '../verdict/findings.ts'
import { pathsOfV1 } from './labels-v1.ts'
import type { BackupPlan, Coverage, Hook, PlannedVolume } from './plan.ts'

export type { BackupPlan } from './plan.ts'

/**
 * What the backupbot labels of a stack promise. One enabled service turns the whole stack on; labels of all its services count;
 * a volume that none of them excludes or narrows is covered whole. Version 1 labels (`backupbot.backup.path`) count only
 * where no label of version 2 speaks about volumes, and always give the finding `backup-labels-v1`.
 */
export function backupPlan(stack: ResolvedStack): BackupPlan {
  const labels = backupLabels(stack)
  const findings = [...misplaced(stack), ...labels.flatMap((label) => findingsOf(label, stack))]
  const enabled = labels.filter(({ request }) => request.is === 'backup' && request.on)
  const own = Object.entries(stack.model.volumes).flatMap(([name, volume]) => (volume?.external ? [] : [name]))
  if (enabled.length === 0) {
    const reason = whyNot(labels)
    const volumes = own.map((volume) => ({ volume, covered: { kind: 'none' as const, reason } }))
    return { capable: false, reason, volumes, unreachable: [], hooks: [], findings }
  }
  const promised = coverage(stack, labels, own)
  return {
    capable: true,
    reason: `backupbot.backup is on (${enabled.map(({ service }) => service).join(', ')})`,
    ...promised,
    hooks: labels.flatMap(hookOf),
    findings,
  }
}

function coverage(stack: ResolvedStack, labels: readonly BackupLabel[], own: readonly string[]) {
  const old = labels.filter(({ request }) => request.is === 'version-1')
  if (old.length > 0 && !labels.some(({ request }) => request.is === 'volume' || request.is === 'paths'))
    return pathsOfV1(stack, old, own)
  const volumes: PlannedVolume[] = own.map((volume) => ({ volume, covered: coverageOf(volume, labels) }))
  return { volumes, unreachable: [] }
}

function coverageOf(volume: string, labels: readonly BackupLabel[]): Coverage {
  const excluded = labels.find(({ request }) => request.is === 'volume' && request.volume === volume && !request.on)
  if (excluded) return { kind: 'none', reason: `${excluded.key}=${excluded.value} on ${excluded.service}` }
  const narrowed = labels.flatMap(({ request }) =>
    request.is === 'paths' && request.volume === volume ? [request.paths] : [],
  )
  const paths = [...new Set(narrowed.flat())]
  return narrowed.length === 0 || paths.includes('.') ? { kind: 'all' } : { kind: 'paths', paths }
}

function hookOf({ service, request }: BackupLabel): Hook[] {
  return request.is === 'hook' ? [{ service, phase: request.phase, command: request.command }] : []
}

function whyNot(labels: readonly BackupLabel[]): string {
  const off = labels.find(({ request }) => request.is === 'backup')
  return off ? `backupbot.backup is "${off.value}" on ${off.service}` : 'no service has the label backupbot.backup=true'
}

function findingsOf({ service, key, problem }: BackupLabel, stack: ResolvedStack): Finding[] {
  if (!problem) return []
  const where = whereOf(stack, ['services', service, 'deploy', 'labels', key])
  return [{ ...problem, message: `${key} ${problem.message}`, ...where }]
}

/** Labels of the container instead of the service: backups never see them. */
function misplaced(stack: ResolvedStack): Finding[] {
  return Object.entries(stack.model.services).flatMap(([name, service]) =>
    containerLabels(service)
      .filter((key) => key.startsWith(BACKUP_PREFIX))
      .map((key) =>
        finding(
          'backup-label-misplaced',
          `${key} stands under labels of service ${name}; backups read deploy.labels only`,
          whereOf(stack, ['services', name, 'labels', key]),
        ),
      ),
  )
}

function containerLabels({ labels }: ComposeService): string[] {
  if (Array.isArray(labels)) return labels.map((label) => String(label).split('=', 1)[0] ?? '')
  return typeof labels === 'object' && labels !== null ? Object.keys(labels) : []
}

function whereOf(stack: ResolvedStack, path: readonly string[]): { where?: string } {
  const place = stack.place(path)
  return place ? { where: formatLocation(place) } : {}
}

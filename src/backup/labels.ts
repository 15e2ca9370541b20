import { formatPlace } from '../lib/place.ts'
import type { ComposeService, ResolvedStack } from '../recipe/model.ts'
import type { Finding } from '../verdict/events.ts'
import { pathsOfV1 } from './labels-v1.ts'
import { type BackupPlan, type Coverage, HOOK_PHASES, type Hook, type HookPhase, type PlannedVolume } from './plan.ts'

export type { BackupPlan } from './plan.ts'

const PREFIX = 'backupbot.'
const VOLUMES = 'backupbot.backup.volumes.'
const TRUE = ['true', '1', 'yes', 'on']
const FALSE = ['false', '0', 'no', 'off', '']

/** One `backupbot.` label of `deploy.labels`. */
interface Label {
  readonly service: string
  readonly key: string
  readonly value: string
}

/**
 * What the backupbot labels of a stack promise. One enabled service turns the whole stack on; labels of all its services count;
 * a volume that none of them excludes or narrows is covered whole. Version 1 labels (`backupbot.backup.path`) count only
 * where no label of version 2 speaks about volumes, and always give the finding `backup-labels-v1`.
 */
export function backupPlan(stack: ResolvedStack): BackupPlan {
  const labels = backupLabels(stack)
  const findings = [...misplaced(stack), ...labels.flatMap((label) => findingsOf(label, stack))]
  const enabled = labels.filter(({ key, value }) => key === 'backupbot.backup' && isTrue(value))
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

function coverage(stack: ResolvedStack, labels: readonly Label[], own: readonly string[]) {
  const old = labels.filter(({ key }) => key === 'backupbot.backup.path')
  if (old.length > 0 && !labels.some(({ key }) => key.startsWith(VOLUMES))) return pathsOfV1(stack, old, own)
  const volumes: PlannedVolume[] = own.map((volume) => ({ volume, covered: coverageOf(volume, labels) }))
  return { volumes, unreachable: [] }
}

function coverageOf(volume: string, labels: readonly Label[]): Coverage {
  const excluded = labels.find(({ key, value }) => key === VOLUMES + volume && isFalse(value))
  if (excluded) return { kind: 'none', reason: `${excluded.key}=${excluded.value} on ${excluded.service}` }
  const narrowed = labels.filter(({ key }) => key === `${VOLUMES}${volume}.path`)
  const paths = [...new Set(narrowed.flatMap(({ value }) => relativePaths(value)))]
  return narrowed.length === 0 || paths.includes('.') ? { kind: 'all' } : { kind: 'paths', paths }
}

/** The paths of a `.path` label, cleaned; a path that would leave the volume is dropped (and has its own finding). */
function relativePaths(value: string): string[] {
  return value
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '' && !leavesVolume(path))
    .map(
      (path) =>
        path
          .split('/')
          .filter((part) => part !== '' && part !== '.')
          .join('/') || '.',
    )
}

function leavesVolume(path: string): boolean {
  return path.startsWith('/') || path.split('/').includes('..') || path.includes('\0')
}

function hookOf({ service, key, value }: Label): Hook[] {
  const phase = key.slice(PREFIX.length) as HookPhase
  return HOOK_PHASES.includes(phase) && value.trim() !== '' ? [{ service, phase, command: value }] : []
}

function whyNot(labels: readonly Label[]): string {
  const off = labels.find(({ key }) => key === 'backupbot.backup')
  return off ? `backupbot.backup is "${off.value}" on ${off.service}` : 'no service has the label backupbot.backup=true'
}

function findingsOf(label: Label, stack: ResolvedStack): Finding[] {
  const { key, value } = label
  const found = (code: string, severity: Finding['severity'], message: string) => [
    { code, severity, message, ...whereOf(stack, ['services', label.service, 'deploy', 'labels', key]) },
  ]
  if (key === 'backupbot.backup') {
    return isTrue(value) || isFalse(value)
      ? []
      : found('backup-label-value', 'warning', `${key} is "${value}", which is neither true nor false`)
  }
  if (key === 'backupbot.backup.path') {
    return found(
      'backup-labels-v1',
      'warning',
      `${key} is a label of version 1; name the volume: ${VOLUMES}<volume>.path, relative to its root`,
    )
  }
  if (HOOK_PHASES.includes(key.slice(PREFIX.length) as HookPhase)) return []
  if (!key.startsWith(VOLUMES))
    return found('backup-label-unknown', 'warning', `${key} is not a label that backups know`)
  return volumeFinding(label, stack, found)
}

function volumeFinding(
  { key, value }: Label,
  stack: ResolvedStack,
  found: (code: string, severity: Finding['severity'], message: string) => Finding[],
): Finding[] {
  const rest = key.slice(VOLUMES.length)
  const volume = Object.hasOwn(stack.model.volumes, rest) ? rest : rest.replace(/\.path$/, '')
  if (!Object.hasOwn(stack.model.volumes, volume)) {
    const known = Object.keys(stack.model.volumes).join(', ') || 'none'
    return found('backup-volume-unknown', 'error', `${key} names no volume of this stack (volumes: ${known})`)
  }
  if (rest === volume) {
    const known = isTrue(value) || isFalse(value)
    return known ? [] : found('backup-label-value', 'warning', `${key} is "${value}", which is neither true nor false`)
  }
  const bad = value.split(',').filter((path) => path.trim() === '' || leavesVolume(path.trim()))
  return bad.length === 0
    ? []
    : found('backup-path-invalid', 'error', `${key}: "${bad.join(',')}" is not a path relative to the volume`)
}

function backupLabels(stack: ResolvedStack): Label[] {
  return Object.entries(stack.model.services).flatMap(([service, { deploy }]) =>
    Object.entries(deploy?.labels ?? {})
      .filter(([key]) => key.startsWith(PREFIX))
      .map(([key, value]) => ({ service, key, value: String(value) })),
  )
}

/** Labels of the container instead of the service: backups never see them. */
function misplaced(stack: ResolvedStack): Finding[] {
  return Object.entries(stack.model.services).flatMap(([name, service]) =>
    containerLabels(service)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => ({
        code: 'backup-label-misplaced',
        severity: 'error' as const,
        message: `${key} stands under labels of service ${name}; backups read deploy.labels only`,
        ...whereOf(stack, ['services', name, 'labels', key]),
      })),
  )
}

function containerLabels({ labels }: ComposeService): string[] {
  if (Array.isArray(labels)) return labels.map((label) => String(label).split('=', 1)[0] ?? '')
  return typeof labels === 'object' && labels !== null ? Object.keys(labels) : []
}

function whereOf(stack: ResolvedStack, path: readonly string[]): { where?: string } {
  const place = stack.place(path)
  return place ? { where: formatPlace(place) } : {}
}

function isTrue(value: string): boolean {
  return TRUE.includes(value.trim().toLowerCase())
}

function isFalse(value: string): boolean {
  return FALSE.includes(value.trim().toLowerCase())
}

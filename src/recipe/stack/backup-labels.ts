import { didYouMean } from '../../lib/text/did-you-mean.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import type { ResolvedStack } from '../model.ts'

export const BACKUP_PREFIX = 'backupbot.'
/** Of version 1: absolute paths in the container of the service. */
const PATHS_V1 = 'backupbot.backup.path'
const HOOK_PHASES = ['backup.pre-hook', 'backup.post-hook', 'restore.pre-hook', 'restore.post-hook'] as const
const KNOWN = ['backupbot.backup', 'backupbot.restore', ...HOOK_PHASES.map((phase) => `${BACKUP_PREFIX}${phase}`)]
const OF_VOLUME = /^backupbot\.(backup|restore)\.volumes\.(.+)$/
const TRUE = ['true', '1', 'yes', 'on']
const FALSE = ['false', '0', 'no', 'off', '']

export type HookPhase = (typeof HOOK_PHASES)[number]

/** One `backupbot.` label of a service, with what it asks for. */
export interface BackupLabel {
  readonly service: string
  readonly key: string
  readonly value: string
  readonly request: BackupRequest
  readonly problem?: LabelProblem
}

type BackupRequest =
  | { readonly is: 'backup'; readonly on: boolean }
  | { readonly is: 'volume'; readonly volume: string; readonly on: boolean }
  /** `paths` are relative to the root of the volume, without `..`; the root itself is `.`. */
  | { readonly is: 'paths'; readonly volume: string; readonly paths: readonly string[] }
  | { readonly is: 'hook'; readonly phase: HookPhase; readonly command: string }
  | { readonly is: 'version-1' }
  | { readonly is: 'nothing' }

interface LabelProblem extends Pick<Finding, 'code' | 'severity'> {
  /** What is to be read behind the label: "is not a label that backups know". */
  readonly message: string
}

const NOTHING: BackupRequest = { is: 'nothing' }

/**
 * THE reader of backup labels: those under `deploy.labels` of every service. Any service may name any volume of the stack (backup specification,
 * version 2), by its key under `volumes:`, which may have dots.
 */
export function backupLabels({ model }: ResolvedStack): BackupLabel[] {
  const volumes = Object.keys(model.volumes)
  return Object.entries(model.services).flatMap(([service, { deploy }]) =>
    Object.entries(deploy?.labels ?? {})
      .filter(([key]) => key.startsWith(BACKUP_PREFIX))
      .map(([key, value]) => ({ service, key, value: String(value), ...read(key, String(value), volumes) })),
  )
}

type Meaning = Pick<BackupLabel, 'request' | 'problem'>

function read(key: string, value: string, volumes: readonly string[]): Meaning {
  if (key === 'backupbot.backup') return ofSwitch({ is: 'backup', on: isOneOf(TRUE, value) }, value)
  if (key === PATHS_V1) {
    const message =
      'is a label of version 1; name the volume: backupbot.backup.volumes.<volume>.path, relative to its root'
    return { request: { is: 'version-1' }, problem: finding('backup-labels-v1', message) }
  }
  const [, of, rest] = OF_VOLUME.exec(key) ?? []
  if (rest !== undefined) {
    const meaning = ofVolume(rest, value, volumes)
    return of === 'backup' ? meaning : { ...meaning, request: NOTHING }
  }
  const phase = HOOK_PHASES.find((one) => key === `${BACKUP_PREFIX}${one}`)
  if (phase) return { request: value.trim() === '' ? NOTHING : { is: 'hook', phase, command: value } }
  if (KNOWN.includes(key)) return { request: NOTHING }
  const message = `is not a label that backups know.${didYouMean(key, KNOWN)}`
  return { request: NOTHING, problem: finding('backup-label-unknown', message) }
}

/** A volume may be called `x.path`: what names one as it stands is no label of paths. */
function ofVolume(rest: string, value: string, volumes: readonly string[]): Meaning {
  const isPaths = !volumes.includes(rest) && rest.endsWith('.path')
  const volume = isPaths ? rest.slice(0, -'.path'.length) : rest
  const meaning = isPaths
    ? ofPaths(volume, value)
    : ofSwitch({ is: 'volume', volume, on: !isOneOf(FALSE, value) }, value)
  if (volumes.includes(volume)) return meaning
  const message = `names no volume of this stack (volumes: ${volumes.join(', ') || 'none'}).${didYouMean(volume, volumes)}`
  return { ...meaning, problem: finding('backup-volume-unknown', message) }
}

function ofPaths(volume: string, value: string): Meaning {
  const paths = value.split(',').map((path) => path.trim())
  const bad = paths.filter((path) => path === '' || leavesVolume(path))
  const request: BackupRequest = {
    is: 'paths',
    volume,
    paths: paths.filter((path) => !bad.includes(path)).map(cleaned),
  }
  if (bad.length === 0) return { request }
  const message = `has the path "${bad.join(',')}", but paths are relative to the root of the volume`
  return { request, problem: finding('backup-path-invalid', message) }
}

function ofSwitch(request: BackupRequest, value: string): Meaning {
  if (isOneOf(TRUE, value) || isOneOf(FALSE, value)) return { request }
  const message = `is "${value}", which is neither true nor false`
  return { request, problem: finding('backup-label-value', message) }
}

function isOneOf(words: readonly string[], value: string): boolean {
  return words.includes(value.trim().toLowerCase())
}

function leavesVolume(path: string): boolean {
  return path.startsWith('/') || path.split('/').includes('..') || path.includes('\0')
}

function cleaned(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.join('/') || '.'
}

import type { ComposeMount, ResolvedStack } from '../recipe/model.ts'
import type { PlannedVolume } from './plan.ts'

/**
 * `backupbot.backup.path` names absolute paths in the container of its service, separated by commas, and covers nothing else.
 * Each is followed to the volume mounted there; what lies in no volume cannot be backed up and is `unreachable`.
 */
export function pathsOfV1(
  stack: ResolvedStack,
  labels: readonly { readonly service: string; readonly value: string }[],
  own: readonly string[],
): { volumes: PlannedVolume[]; unreachable: string[] } {
  const promised = new Map<string, string[]>()
  const unreachable: string[] = []
  for (const { service, value } of labels) {
    const mounts = stack.model.services[service]?.volumes ?? []
    for (const path of value
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)) {
      const found = inVolume(path, mounts)
      if (!found || !own.includes(found.volume)) unreachable.push(`${service}:${path}`)
      else promised.set(found.volume, [...(promised.get(found.volume) ?? []), found.path])
    }
  }
  return { volumes: own.map((volume) => ({ volume, covered: covered(promised.get(volume)) })), unreachable }
}

function covered(paths: readonly string[] | undefined): PlannedVolume['covered'] {
  if (!paths) return { kind: 'none', reason: 'no backupbot.backup.path lies in it' }
  return paths.includes('.') ? { kind: 'all' } : { kind: 'paths', paths: [...new Set(paths)] }
}

/** The volume with the longest mount target that holds the path, and the path relative to it. */
function inVolume(path: string, mounts: readonly ComposeMount[]): { volume: string; path: string } | undefined {
  const parts = split(path)
  if (!path.startsWith('/') || parts.includes('..')) return undefined
  const [best] = mounts
    .filter((mount) => split(mount.target).every((part, index) => parts[index] === part))
    .sort((a, b) => split(b.target).length - split(a.target).length)
  if (best?.type !== 'volume' || !best.source) return undefined
  return { volume: best.source, path: parts.slice(split(best.target).length).join('/') || '.' }
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

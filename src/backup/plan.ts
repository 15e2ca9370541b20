import type { HookPhase } from '../recipe/stack/backup-labels.ts'
import type { Finding } from '../verdict/events.ts'
import { VOLUMES_DIR } from './toolbox.ts'

/** What a backup of this stack must do and hold, as its labels promise it. */
export interface BackupPlan {
  readonly capable: boolean
  /** Why it is capable or not, for the reason of a skip: "no service has backupbot.backup=true". */
  readonly reason: string
  /** Every data volume of the stack, in the order of the compose file. */
  readonly volumes: readonly PlannedVolume[]
  /** Paths the labels promise that lie in no volume, so no backup can hold them: as written. */
  readonly unreachable: readonly string[]
  readonly hooks: readonly Hook[]
  readonly findings: readonly Finding[]
}

export interface PlannedVolume {
  /** Short name: the key under `volumes:`. */
  readonly volume: string
  readonly covered: Coverage
}

/** `paths` are relative to the root of the volume, without `..`. */
export type Coverage =
  | { readonly kind: 'all' }
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'none'; readonly reason: string }

export interface Hook {
  readonly service: string
  readonly phase: HookPhase
  /** A command line for the container's own shell. */
  readonly command: string
}

/** Where the covered parts of a volume lie in the toolbox. */
export function targets({ volume, covered }: PlannedVolume): string[] {
  if (covered.kind === 'all') return [`${VOLUMES_DIR}/${volume}`]
  return covered.kind === 'none' ? [] : covered.paths.map((path) => `${VOLUMES_DIR}/${volume}/${path}`)
}

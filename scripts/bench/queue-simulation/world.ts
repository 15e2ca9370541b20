import type { PRIORITIES } from '../../../src/server/contract/request.ts'

type Priority = (typeof PRIORITIES)[number]

/** A run that is asked for, and how long it will take. */
export interface Asked {
  readonly id: string
  /** Epoch ms. */
  readonly at: number
  /** Lower case. */
  readonly repo: string
  readonly pull: number | null
  readonly priority: Priority
  readonly memory: number
  readonly durationMs: number
}

/** One machine that runs recipes. */
export interface Machine {
  readonly name: string
  readonly memory: number
}

/** A machine that is away for a while. `lost`: at once, its runs with it. `drained`: it takes nothing new, its runs end. */
export interface Absence {
  readonly worker: string
  readonly kind: 'lost' | 'drained'
  readonly from: number
  readonly until: number
}

export interface World {
  readonly machines: readonly Machine[]
  readonly asked: readonly Asked[]
  readonly absences: readonly Absence[]
  readonly leaseMs: number
}

/** What became of a run. */
export interface Served {
  readonly asked: Asked
  /** `error`: too many of its workers were lost. */
  readonly end: 'done' | 'superseded' | 'error'
  /** When its first attempt began; null: never. */
  readonly begunAt: number | null
  readonly endedAt: number
  readonly attempts: number
}

import type { ImageBuilder } from '../images/builder.ts'

/** What a look at a part of the machine found. `impossible`: missing, and cc-ci may not or cannot fix it here. */
export interface PartState {
  readonly state: 'ok' | 'missing' | 'impossible'
  /** What was seen, for a person: "engine 20.10.24", "not installed: chromium". */
  readonly detail: string
  /** Instead of the part's own, where what was seen asks for something else. */
  readonly remedy?: string
}

/** What fixing may use. */
export interface RepairContext {
  /** The state folder; it exists. */
  readonly state: string
  readonly log: (line: string) => void
  readonly builder: ImageBuilder
}

/**
 * One thing a machine must have. `look` changes nothing and never throws for "not there"; `fix` is called only after
 * `missing`, must be safe to repeat, and touches nothing that cc-ci did not make. Order between parts is `needs` alone.
 */
export interface MachinePart {
  readonly id: string
  readonly title: string
  /** What fixing does, announced beforehand: "start dockerd". */
  readonly action: string
  readonly needs: readonly string[]
  /** What a person does where cc-ci may not. */
  readonly remedy: string
  inspect(): Promise<PartState>
  repair?(context: RepairContext): Promise<void>
}

export const ok = (detail: string): PartState => ({ state: 'ok', detail })
export const missing = (detail: string): PartState => ({ state: 'missing', detail })
export const impossible = (detail: string, remedy?: string): PartState => ({
  ...{ state: 'impossible', detail },
  ...(remedy === undefined ? {} : { remedy }),
})

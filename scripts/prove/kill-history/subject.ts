/** Something of cc-ci that is killed and continued with. */
export interface Subject {
  /** Arguments that begin one. */
  readonly begin: readonly string[]
  /** Arguments that continue with the newest. */
  readonly resume: readonly string[]
  /** What the disk says now, and what of it is a fault since the last look. */
  look(): Look
  /** After its end: runs whose record says that they still continue. */
  stillRunning(): string[]
}

export interface Look {
  /** There is one that has not come to its end. */
  readonly going: boolean
  /** Columns of the table. */
  readonly summary: Readonly<Record<string, string | number>>
  readonly faults: readonly Fault[]
}

export interface Fault {
  readonly kind: 'lost' | 'twice' | 'half' | 'wrong'
  readonly text: string
}

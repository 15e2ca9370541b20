import type { CodeSide } from '../sandbox/contract.ts'
import type { MachineState, TestRow } from '../verdict/events.ts'

/** A spec file that was given to the program that runs tests. */
export interface SpecFile {
  readonly side: CodeSide
  /** Relative to the folder of the side. */
  readonly file: string
}

/** One test; or what went wrong outside of any: a file that does not load, a runner that was ended. */
export interface CustomRow extends TestRow {
  readonly side: CodeSide
  readonly tags: readonly string[]
  /** False for a row that stands for no test: always `failed`. */
  readonly isTest: boolean
  /** Paths relative to the output folder of the tests. */
  readonly attachments: readonly { readonly name: string; readonly contentType: string; readonly path: string }[]
}

/** One test and where in the run folder lies what it left. */
export interface RowWithArtifacts {
  readonly row: CustomRow
  readonly artifacts: readonly string[]
  /** Of one that failed: what the machine had for it. */
  readonly machine?: MachineState
}

/** What the tests of one kind came to. */
export interface CustomRun {
  readonly rows: readonly RowWithArtifacts[]
  /** Files that were loaded and hold no test. */
  readonly empty: readonly SpecFile[]
}

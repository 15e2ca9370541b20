/** A file that a test leaves, such as the screenshot of a failure. */
export interface Attachment {
  readonly name: string
  readonly contentType: string
  /** Relative to the output folder. */
  readonly path: string
}

/** Which file of which side. */
export interface SpecFile {
  readonly side: string
  /** Relative to the folder of the side. */
  readonly file: string
}

/** What the reporter of the test runner says. */
export type RunnerMessage =
  | { readonly kind: 'begin'; readonly total: number }
  | ({ readonly kind: 'start'; readonly title: string } & SpecFile)
  | ({
      readonly kind: 'test'
      /** With the titles of the `describe` blocks around it. */
      readonly title: string
      readonly status: 'passed' | 'failed' | 'skipped'
      readonly durationMs: number
      readonly tags: readonly string[]
      readonly error?: string
      readonly reason?: string
      readonly attachments: readonly Attachment[]
    } & SpecFile)
  /** Something outside of any test: of that file, or, without one, of the run as a whole. */
  | ({ readonly kind: 'error'; readonly message: string; readonly phase: 'load' | 'run' } & Partial<SpecFile>)
  | { readonly kind: 'end'; readonly status: 'passed' | 'failed' }

/**
 * What the harness gets, one per request `report`, in order: `hello` before any code of a recipe is loaded, and at last `end`. All carry the
 * token of `hello`; one with another comes from elsewhere. A file that does not load is named by an `error`, and the others are started over.
 */
export type ReportMessage = { readonly token: string } & ({ readonly kind: 'hello' } | RunnerMessage)
